package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ports of a picker: health, TLS and the end. */
final class PickerServerTest {
  private static final String EXT_PROC = "envoy.service.ext_proc.v3.ExternalProcessor";

  @TempDir private Path folder;

  private static ServerOptions options(ServerTls tls, Duration accept, Duration drain) {
    return new ServerOptions("127.0.0.1", 0, 0, tls, 4 << 20, accept, drain);
  }

  private static PickerUnderTest picker(ServerOptions ports) {
    return new PickerUnderTest(
        1, PickerOptions.DEFAULT, PickerUnderTest.unlimited().build(), ports);
  }

  private static ManagedChannel channel(int port, ChannelCredentials credentials) {
    return Grpc.newChannelBuilder("127.0.0.1:" + port, credentials)
        .overrideAuthority("endpoint-picker")
        .build();
  }

  private static ServingStatus health(ManagedChannel channel, String service) {
    return HealthGrpc.newBlockingStub(channel)
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @Test
  @DisplayName("Both ports answer health checks; all names but liveness depend on readiness")
  void answersHealthChecks() throws InterruptedException {
    var ready = new AtomicBoolean(true);
    try (var picker = new PickerUnderTest(1, ready::get)) {
      var both = new int[] {picker.server.port(), picker.server.healthPort()};
      for (var port : both) {
        var channel = channel(port, InsecureChannelCredentials.create());
        try {
          for (var name : new String[] {"", "readiness", EXT_PROC, "inference-extension"}) {
            ready.set(true);
            assertThat(health(channel, name)).isEqualTo(ServingStatus.SERVING);
            ready.set(false);
            assertThat(health(channel, name)).isEqualTo(ServingStatus.NOT_SERVING);
          }
          assertThat(health(channel, "liveness")).isEqualTo(ServingStatus.SERVING);
        } finally {
          channel.shutdownNow();
        }
      }
    }
  }

  @Test
  @DisplayName("TLS with a certificate of its own")
  void servesTlsWithItsOwnCertificate() throws Exception {
    try (var picker =
        picker(options(new ServerTls.SelfSigned(), Duration.ZERO, Duration.ofSeconds(5)))) {
      var channel = channel(picker.server.port(), trustingAll());
      try {
        var proxy =
            StrictProxy.open(channel)
                .headers("hi", "mom")
                .body(PickerUnderTest.completion("x"), true);
        assertThat(proxy.next().hasRequestHeaders()).isTrue();
        proxy.cancel();
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static ChannelCredentials trustingAll() throws Exception {
    return TlsChannelCredentials.newBuilder()
        .trustManager(
            io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory.INSTANCE
                .getTrustManagers())
        .build();
  }

  private ServerTls.Files write(SelfSignedCertificate made, Duration reload)
      throws IOException, CertificateEncodingException {
    var files = new ServerTls.Files(folder.resolve("tls.crt"), folder.resolve("tls.key"), reload);
    Files.writeString(files.certificate(), pem("CERTIFICATE", made.certificate().getEncoded()));
    Files.writeString(files.key(), pem("PRIVATE KEY", made.key().getEncoded()));
    return files;
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder().encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }

  private ChannelCredentials trusting(SelfSignedCertificate made)
      throws IOException, CertificateEncodingException {
    var trusted = Files.createTempFile(folder, "trusted", ".crt");
    Files.writeString(trusted, pem("CERTIFICATE", made.certificate().getEncoded()));
    return TlsChannelCredentials.newBuilder().trustManager(trusted.toFile()).build();
  }

  @Test
  @DisplayName("TLS with a certificate from files")
  void servesTlsFromFiles() throws Exception {
    var made = SelfSignedCertificate.create();
    try (var picker =
        picker(options(write(made, Duration.ZERO), Duration.ZERO, Duration.ofSeconds(5)))) {
      var channel = channel(picker.server.port(), trusting(made));
      try {
        assertThat(health(channel, EXT_PROC)).isEqualTo(ServingStatus.SERVING);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void saysWhichCertificateCannotBeUsed() throws IOException {
    var files =
        new ServerTls.Files(folder.resolve("tls.crt"), folder.resolve("tls.key"), Duration.ZERO);
    Files.writeString(files.certificate(), "no certificate");
    Files.writeString(files.key(), "no key");

    assertThatIllegalStateException()
        .isThrownBy(() -> picker(options(files, Duration.ZERO, Duration.ZERO)))
        .withMessageContaining("tls.crt")
        .withMessageContaining("PEM");
  }

  @Test
  void saysWhichPortIsTaken() throws IOException {
    try (var taken = new ServerSocket(0)) {
      var ports =
          new ServerOptions(
              "127.0.0.1",
              taken.getLocalPort(),
              0,
              new ServerTls.Plain(),
              1,
              Duration.ZERO,
              Duration.ZERO);

      assertThatIllegalStateException()
          .isThrownBy(() -> picker(ports))
          .withMessageContaining("127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  @DisplayName("While it drains, readiness is withdrawn, new streams are served, and old ones end")
  void drains() throws Exception {
    var picker = picker(options(new ServerTls.Plain(), Duration.ofDays(1), Duration.ofSeconds(20)));
    var running = picker.sent();
    var health = channel(picker.server.healthPort(), InsecureChannelCredentials.create());

    var closed = CompletableFuture.runAsync(picker.server::close);

    await().until(() -> health(health, "readiness") == ServingStatus.NOT_SERVING);
    assertThat(health(health, "liveness")).isEqualTo(ServingStatus.SERVING);
    picker.sent().close(); // a new stream
    assertThat(closed).isNotDone();
    running.responseHeaders(true, ":status", "204");
    assertThat(running.next().hasResponseHeaders()).isTrue();
    running.close();
    assertThat(running.end().isOk()).isTrue();
    health.shutdownNow();
    picker.close(); // a second call ends the waiting
    closed.get(20, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("A stream may finish after new ones are no longer accepted")
  void letsStreamsFinish() throws Exception {
    var picker = picker(options(new ServerTls.Plain(), Duration.ZERO, Duration.ofDays(1)));
    var running = picker.sent();

    var closed = CompletableFuture.runAsync(picker.server::close);

    running.responseHeaders(false, ":status", "200");
    assertThat(running.next().hasResponseHeaders()).isTrue();
    assertThat(running.responseBody("x", true).responsePiece()).isEqualTo("x");
    running.close();
    assertThat(running.end().isOk()).isTrue();
    closed.get(20, TimeUnit.SECONDS);
    picker.close();
  }

  @Test
  @DisplayName("What has not finished after the drain time is cut off, and nothing is held")
  void cutsOffWhatDoesNotFinish() throws Exception {
    var picker = picker(options(new ServerTls.Plain(), Duration.ZERO, Duration.ofMillis(1)));
    var running = picker.sent();

    picker.server.close();

    assertThat(running.end().isOk()).isFalse();
    picker.awaitNothingHeld();
    picker.close();
  }
}
