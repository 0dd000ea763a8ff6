package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Callers on virtual threads, each of which repeats a step until closed. */
final class Callers implements AutoCloseable {

  /** The step that a caller repeats. */
  interface Step {

    /** Takes the step once. */
    void take() throws InterruptedException;
  }

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final LongAdder done = new LongAdder();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean stopped;

  private Callers() {}

  /**
   * Starts {@code count} callers. {@code stepOf} makes the step of a caller by its number from 0.
   */
  static Callers start(int count, IntFunction<? extends Step> stepOf) {
    var callers = new Callers();
    for (var number = 0; number < count; number++) {
      var step = stepOf.apply(number);
      callers.threads.execute(() -> callers.repeat(step));
    }
    return callers;
  }

  private void repeat(Step step) {
    try {
      while (!stopped) {
        step.take();
        done.increment();
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
      stopped = true;
    }
  }

  /** Lets the callers warm up, then measures several windows and returns the median. */
  Reading measure(Bench.Scale scale) throws InterruptedException {
    Thread.sleep(scale.warmUpMillis());
    var windows = new ArrayList<Reading>();
    for (var i = 0; i < scale.windows(); i++) {
      windows.add(window(scale.windowMillis()));
    }
    return Reading.median(windows);
  }

  /** Measures the next {@code millis} milliseconds. */
  Reading window(long millis) throws InterruptedException {
    var before = Reading.now(done.sum());
    Thread.sleep(millis);
    var window = Reading.now(done.sum()).since(before);
    failIfOneFailed();
    if (window.operations() == 0) {
      throw new IllegalStateException("no caller finished a step within " + millis + " ms");
    }
    return window;
  }

  private void failIfOneFailed() {
    var cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a caller failed: " + cause, cause);
    }
  }

  /** Lets each caller finish its current step, and waits for all. */
  @Override
  public void close() {
    stopped = true;
    threads.close();
    failIfOneFailed();
  }
}
