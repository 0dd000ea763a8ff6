package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.EngineObserver.Source;
import dev.sluice.flowcontrol.engine.Effects;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.types.Admission;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what was decided: tells observers, wakes the threads that wait, hands outcomes to
 * their receivers, logs. Runs on the thread that decided, never under the core's lock.
 */
final class Delivery {
  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

  private final Observers observers;
  private final ThreadLocal<CallbackChain> callbacks;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  /**
   * Whether an outcome was ever handed to a receiver, so that threads that only wait need no chain.
   * A thread that is inside a receiver has set it itself.
   */
  private boolean hasReceivers;

  Delivery(Observers observers) {
    this.observers = observers;
    callbacks = ThreadLocal.withInitial(() -> new CallbackChain(observers));
  }

  /** Whether this thread is inside a receiver of an outcome. */
  boolean isInReceiver() {
    return hasReceivers && callbacks.get().isCalling();
  }

  /**
   * Hands over the outcomes that the receiver in which this thread is has brought about so far,
   * instead of after it has returned.
   */
  void callWaiting() {
    callbacks.get().callWaiting();
  }

  /** Completes when a shutdown has nothing left to do. */
  CompletableFuture<Void> drained() {
    return drained.copy();
  }

  void carryOut(Batch batch) {
    if (batch.isTimed()) {
      observers.tellTimes(batch);
    }
    var effects = batch.effects();
    for (var i = 0; i < effects.size(); i++) {
      observers.tell(effects, i);
      try {
        carryOut(effects, i);
      } catch (Throwable thrown) {
        observers.failed(Source.OPERATION, thrown);
      }
    }
    for (var failure : batch.failures()) {
      observers.failed(Source.OPERATION, failure);
    }
    if (effects.isDrained()) {
      drained.complete(null);
    }
  }

  private void carryOut(Effects effects, int i) {
    switch (effects.kind(i)) {
      case DISPATCHED, DISPATCHED_AT_ONCE, DISPATCHED_RESERVED -> {
        var request = effects.request(i);
        var waited = effects.nanos(i) - request.enqueuedAtNanos();
        deliver(
            request,
            new Admission.Dispatched(
                request, waited == 0 ? Duration.ZERO : Duration.ofNanos(waited)));
      }
      case REJECTED, EVICTED -> deliver(effects.request(i), effects.admission(i));
      case FAULT ->
          LOG.warn(
              "Plugin {} failed; the engine goes on without its answer",
              effects.plugin(i),
              effects.cause(i));
      case RECLAIMED ->
          LOG.warn(
              "The permit of {} was not returned in time and has been taken back",
              effects.request(i).request());
      case QUEUED, RETURNED, POOL_CHANGED, RECONFIGURED, FLOW_COLLECTED -> {}
    }
  }

  private void deliver(PendingRequest request, Admission outcome) {
    request.publish(outcome);
    var whenDecided = request.whenDecided();
    if (whenDecided != null) {
      if (!hasReceivers) {
        hasReceivers = true;
      }
      callbacks.get().call(whenDecided, outcome);
    }
  }
}
