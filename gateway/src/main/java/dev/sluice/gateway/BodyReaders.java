package dev.sluice.gateway;

import dev.sluice.serving.offer.Offer;
import io.vertx.core.Context;
import java.util.Comparator;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Reads the bodies of requests: a small one at once, on its event loop, and a large one on another
 * thread, so that no body holds up the other requests of its loop. Thread-safe.
 *
 * <p>A body that consists of short names, numbers or brackets takes up to 80 ns for each byte. The
 * largest body that is read on a loop therefore takes a few milliseconds at most. Larger ones are
 * read in the order of their priorities, and bodies of equal priority the smaller first. Bodies of
 * more than {@value #HUGE_BYTES} bytes have threads of their own, so a body of usual size never
 * waits for one that takes seconds.
 */
final class BodyReaders implements AutoCloseable {
  static final long LARGEST_ON_LOOP_BYTES = 64 << 10;
  static final long HUGE_BYTES = 1 << 20;

  private static final int THREADS = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
  private static final long IDLE_SECONDS = 30;

  private final AtomicLong sequence = new AtomicLong();
  private final ThreadPoolExecutor large = pool("body-reader-");
  private final ThreadPoolExecutor huge = pool("huge-body-reader-");

  /**
   * A request whose body is to be read.
   *
   * @param loop the request's event loop
   * @param guard stands before what happens on the loop
   * @param body stays as it is until it has been read, even if the request ends
   * @param priority the priority of the request's flow
   */
  record Reading(Context loop, Guard guard, RequestBody body, int priority) {}

  /** One body in the queue of a pool. */
  private record Task(int priority, long bytes, long sequence, Runnable reads)
      implements Runnable, Comparable<Task> {
    private static final Comparator<Task> ORDER =
        Comparator.comparingInt(Task::priority)
            .reversed()
            .thenComparingLong(Task::bytes)
            .thenComparingLong(Task::sequence);

    @Override
    public int compareTo(Task other) {
      return ORDER.compare(this, other);
    }

    @Override
    public void run() {
      reads.run();
    }
  }

  private static ThreadPoolExecutor pool(String name) {
    var pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new PriorityBlockingQueue<>(),
            Thread.ofPlatform().daemon().name(name, 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Reads a body. To be called on the request's event loop.
   *
   * @param reads makes the offer; runs on any thread
   * @param then gets the offer, on the event loop, perhaps before this method returns
   */
  void read(Reading request, Supplier<Offer> reads, Consumer<Offer> then) {
    var body = request.body();
    var bytes = body.sizeBytes();
    if (bytes <= LARGEST_ON_LOOP_BYTES) {
      then.accept(reads.get());
      return;
    }
    var pool = bytes > HUGE_BYTES ? huge : large;
    var task =
        new Task(
            request.priority(),
            bytes,
            sequence.getAndIncrement(),
            () -> readElsewhere(request, reads, then));
    pool.execute(task);
    body.lend(() -> pool.remove(task)); // if it ends in the queue, its memory is free at once
  }

  private static void readElsewhere(Reading request, Supplier<Offer> reads, Consumer<Offer> then) {
    var body = request.body();
    var outcome = body.isReleased() ? (Runnable) () -> {} : outcome(reads, then);
    request
        .loop()
        .runOnContext(ignored ->
            request
                .guard()
                .run(() -> {
                  body.returned();
                  outcome.run();
                }));
  }

  /** What is to happen on the event loop. If reading throws, that is to throw there. */
  private static Runnable outcome(Supplier<Offer> reads, Consumer<Offer> then) {
    try {
      var offer = reads.get();
      return () -> then.accept(offer);
    } catch (Throwable thrown) {
      return () -> {
        throw new IllegalStateException("the body could not be read", thrown);
      };
    }
  }

  /** Lets no more bodies be read. What is being read is read to its end. */
  @Override
  public void close() {
    large.shutdown();
    huge.shutdown();
  }
}
