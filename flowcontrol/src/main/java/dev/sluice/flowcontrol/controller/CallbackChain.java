package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.EngineObserver.Source;
import dev.sluice.flowcontrol.types.Admission;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * Hands outcomes to their receivers, one after another. A receiver that calls the engine may bring
 * about more outcomes: these are handed over after it has returned, so a chain of them needs no
 * stack. Each thread has its own.
 */
final class CallbackChain {
  private final Observers observers;
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private boolean calling;

  CallbackChain(Observers observers) {
    this.observers = observers;
  }

  /** Whether the thread is inside a receiver. */
  boolean isCalling() {
    return calling;
  }

  void call(Consumer<? super Admission> receiver, Admission outcome) {
    if (calling) {
      waiting.add(() -> accept(receiver, outcome));
      return;
    }
    calling = true;
    try {
      accept(receiver, outcome);
      callWaiting();
    } finally {
      calling = false;
    }
  }

  /** Hands over the outcomes that the receiver, which is being called, has brought about. */
  void callWaiting() {
    for (var next = waiting.poll(); next != null; next = waiting.poll()) {
      next.run();
    }
  }

  private void accept(Consumer<? super Admission> receiver, Admission outcome) {
    try {
      receiver.accept(outcome);
    } catch (Throwable thrown) {
      observers.failed(Source.RECEIVER, thrown);
      if (outcome instanceof Admission.Dispatched dispatched) {
        dispatched.permit().close();
      }
    }
  }
}
