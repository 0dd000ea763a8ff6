package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.types.Admission;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands outcomes to their receivers, one after another. A receiver that calls the engine may bring
 * about more outcomes: these are handed over after it has returned, so a chain of them needs no
 * stack. Each thread has its own.
 */
final class CallbackChain {
  private static final Logger LOG = LoggerFactory.getLogger(CallbackChain.class);

  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private boolean calling;

  void call(Consumer<? super Admission> receiver, Admission outcome) {
    if (calling) {
      waiting.add(() -> accept(receiver, outcome));
      return;
    }
    calling = true;
    try {
      accept(receiver, outcome);
      for (var next = waiting.poll(); next != null; next = waiting.poll()) {
        next.run();
      }
    } finally {
      calling = false;
    }
  }

  private static void accept(Consumer<? super Admission> receiver, Admission outcome) {
    try {
      receiver.accept(outcome);
    } catch (RuntimeException e) {
      LOG.error("The receiver of {} failed", outcome, e);
    }
  }
}
