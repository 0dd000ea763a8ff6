package dev.sluice.epp;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.util.AdvancedTlsX509KeyManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of a picker: ext_proc with a health service, and a health service alone. Thread-safe.
 *
 * <pre>{@code
 * var server = PickerServer.start(ServerOptions.DEFAULT, () -> !pool.snapshot().hasNoEndpoints(),
 *     executor -> new ExternalProcessorService(options, offers, controller, pool, executor));
 * ...
 * server.close(); // streams may finish; then close the controller
 * }</pre>
 */
public final class PickerServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PickerServer.class);

  /** A caller in a hurry is noticed within this time. */
  private static final long LOOK_NANOS = Duration.ofMillis(50).toNanos();

  private final ServerOptions options;
  private final BooleanSupplier ready;

  /** A new thread for each task: there is nothing to shut down, and no task is ever rejected. */
  private final Executor executor;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("picker-certificate").factory());
  private final CountDownLatch hurry = new CountDownLatch(1);
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Server health;
  private final Server server;

  private PickerServer(
      ServerOptions options,
      BooleanSupplier ready,
      Function<Executor, ExternalProcessorService> service) {
    this.options = options;
    this.ready = ready;
    var threads = Thread.ofVirtual().name("picker-", 0).factory();
    this.executor = task -> threads.newThread(task).start();
    try {
      server =
          builder(options.port(), credentials(options.tls()))
              .maxInboundMessageSize(options.maxMessageBytes())
              .addService(service.apply(executor))
              .addService(new PickerHealth(this::isReady))
              .build();
      health =
          builder(options.healthPort(), InsecureServerCredentials.create())
              .addService(new PickerHealth(this::isReady))
              .build();
      start(server, options.port());
      start(health, options.healthPort());
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  /**
   * Starts both ports; returns when they listen.
   *
   * @param ready whether the endpoints are known, so that requests can be sent somewhere
   * @param service makes the service; it gets the executor of this server's threads
   * @throws IllegalStateException if a port cannot be listened on, or a certificate cannot be read;
   *     the message says which
   */
  public static PickerServer start(
      ServerOptions options,
      BooleanSupplier ready,
      Function<Executor, ExternalProcessorService> service) {
    return new PickerServer(options, ready, service);
  }

  private NettyServerBuilder builder(int port, ServerCredentials credentials) {
    return NettyServerBuilder.forAddress(new InetSocketAddress(options.host(), port), credentials)
        .executor(executor);
  }

  private void start(Server starting, int port) {
    try {
      var _ = starting.start();
    } catch (IOException e) {
      server.shutdownNow();
      throw new IllegalStateException(
          "cannot listen on " + options.host() + ":" + port + ": " + e.getMessage(), e);
    }
  }

  private ServerCredentials credentials(ServerTls tls) {
    return switch (tls) {
      case ServerTls.Plain() -> InsecureServerCredentials.create();
      case ServerTls.SelfSigned() -> {
        var made = SelfSignedCertificate.create();
        try {
          var keys = new AdvancedTlsX509KeyManager();
          keys.updateIdentityCredentials(new X509Certificate[] {made.certificate()}, made.key());
          yield TlsServerCredentials.newBuilder().keyManager(keys).build();
        } catch (RuntimeException e) {
          throw new IllegalStateException("the certificate that was made cannot be used", e);
        }
      }
      case ServerTls.Files files -> fromFiles(files);
    };
  }

  private ServerCredentials fromFiles(ServerTls.Files files) {
    var keys = new AdvancedTlsX509KeyManager();
    var certificate = files.certificate().toFile();
    var key = files.key().toFile();
    try {
      if (files.reload().isZero()) {
        keys.updateIdentityCredentials(certificate, key);
      } else {
        var nanos = files.reload().toNanos();
        var _ =
            keys.updateIdentityCredentials(certificate, key, nanos, TimeUnit.NANOSECONDS, timer);
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(
          "cannot use the certificate "
              + certificate
              + " with the key "
              + key
              + ": "
              + e.getMessage()
              + ". Both must be PEM, the key in PKCS #8.",
          e);
    }
    return TlsServerCredentials.newBuilder().keyManager(keys).build();
  }

  private boolean isReady() {
    return !closing.get() && ready.getAsBoolean();
  }

  /** The port of ext_proc. */
  public int port() {
    return server.getPort();
  }

  /** The port of the health service alone. */
  public int healthPort() {
    return health.getPort();
  }

  /**
   * Ends the picker: readiness is withdrawn at once, new streams are served for a while, then the
   * streams that are open may finish within the drain time, and what is left is cut off. A second
   * call ends the waiting, and returns when the first has ended.
   */
  @Override
  public void close() {
    if (closing.getAndSet(true)) {
      hurry.countDown();
      await(closed, Duration.ofDays(1));
      return;
    }
    try {
      await(hurry, options.acceptWhileDraining());
      var _ = server.shutdown();
      if (!finished(options.drainTimeout())) {
        LOG.warn("Streams did not finish within {} and are cut off", options.drainTimeout());
      }
    } finally {
      server.shutdownNow();
      health.shutdownNow();
      release();
      closed.countDown();
    }
  }

  /**
   * Waits until all streams have finished, at most for a time, and not if the caller is in a hurry.
   */
  private boolean finished(Duration most) {
    var deadline = System.nanoTime() + most.toNanos();
    try {
      while (!server.isTerminated()) {
        var left = deadline - System.nanoTime();
        if (left <= 0 || hurry.getCount() == 0) {
          return false;
        }
        var _ = server.awaitTermination(Math.min(left, LOOK_NANOS), TimeUnit.NANOSECONDS);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void await(CountDownLatch latch, Duration most) {
    try {
      var _ = latch.await(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void release() {
    timer.shutdownNow();
  }
}
