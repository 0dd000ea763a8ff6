package dev.sluice.flowcontrol.controller;

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
  private final ThreadLocal<CallbackChain> callbacks = ThreadLocal.withInitial(CallbackChain::new);
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  Delivery(Observers observers) {
    this.observers = observers;
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
      carryOut(effects, i);
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
      callbacks.get().call(whenDecided, outcome);
    }
  }
}
