package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Usage;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a request as a future. Cancelling the future gives the request up; if its permit
 * was on the way already, the permit is returned.
 */
final class AdmissionFuture extends CompletableFuture<Admission> {
  private volatile @Nullable PendingAdmission pending;

  /** Names the request whose outcome this is. */
  void represent(PendingAdmission itsPending) {
    pending = itsPending;
  }

  void deliver(Admission outcome) {
    if (!complete(outcome)) {
      giveBack(outcome);
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    var cancelled = super.cancel(mayInterruptIfRunning);
    var request = pending;
    if (cancelled && request != null) {
      request.cancel();
    }
    return cancelled;
  }

  /** Returns the permit of an outcome that nobody wants; nothing was used with it. */
  static void giveBack(Admission outcome) {
    if (outcome instanceof Admission.Dispatched dispatched) {
      dispatched.permit().complete(Usage.NONE);
    }
  }
}
