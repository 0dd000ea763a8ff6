package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.structures.IntrusiveList;
import org.jspecify.annotations.Nullable;

/** All requests that hold a permit, in the order of their dispatch. */
final class RunningOrder extends IntrusiveList<PendingRequest> {

  @Override
  public @Nullable PendingRequest previous(PendingRequest request) {
    return request.previousRunning();
  }

  @Override
  public @Nullable PendingRequest next(PendingRequest request) {
    return request.nextRunning();
  }

  @Override
  protected void linkPrevious(PendingRequest request, @Nullable PendingRequest previous) {
    request.linkPreviousRunning(previous);
  }

  @Override
  protected void linkNext(PendingRequest request, @Nullable PendingRequest next) {
    request.linkNextRunning(next);
  }
}
