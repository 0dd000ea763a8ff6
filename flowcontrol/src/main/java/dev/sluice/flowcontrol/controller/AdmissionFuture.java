package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Usage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The outcome of a request as a future, and futures that depend on it. A thread inside a receiver
 * of an outcome would wait for ever for an outcome that the thread itself has to deliver. There
 * these futures return what is decided, and throw at once if they would have to wait.
 */
final class AdmissionFuture<T> extends CompletableFuture<T> {
  private final DecisionLoop loop;

  AdmissionFuture(DecisionLoop loop) {
    this.loop = loop;
  }

  /** Gives the request up when the future ends otherwise than by the request's outcome. */
  static void represent(AdmissionFuture<Admission> future, PendingRequest request) {
    var unused =
        future.whenComplete((outcome, failure) -> {
          if (request.outcome() == null) {
            request.cancel();
          }
        });
  }

  /** Ends the future by the request's outcome. If it has ended before, the permit goes back. */
  static void deliver(AdmissionFuture<Admission> future, Admission outcome) {
    if (!future.complete(outcome)) {
      giveBack(outcome);
    }
  }

  /** Returns the permit of an outcome that nobody wants; nothing was used with it. */
  static void giveBack(Admission outcome) {
    if (outcome instanceof Admission.Dispatched dispatched) {
      dispatched.permit().complete(Usage.NONE);
    }
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new AdmissionFuture<>(loop);
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    checkMayWait();
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    checkMayWait();
    return super.get(timeout, unit);
  }

  @Override
  public T join() {
    checkMayWait();
    return super.join();
  }

  private void checkMayWait() {
    if (isDone() || !loop.isInReceiver()) {
      return;
    }
    loop.deliverInReceiver();
    if (!isDone()) {
      throw new IllegalStateException(
          "the outcome is still open, and a receiver of outcomes cannot wait for it, because its"
              + " thread delivers outcomes; use thenAccept, or wait on another thread");
    }
  }
}
