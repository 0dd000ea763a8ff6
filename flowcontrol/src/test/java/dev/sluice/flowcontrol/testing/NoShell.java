package dev.sluice.flowcontrol.testing;

import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;

/**
 * A shell for requests that are tested without an engine. The requests' own methods must not be
 * called.
 */
public final class NoShell implements PendingRequest.Shell {

  @Override
  public boolean cancel(PendingRequest request) {
    throw new AssertionError("cancel of " + request.request());
  }

  @Override
  public void submit(PendingRequest request, Operation operation) {
    throw new AssertionError(operation);
  }

  @Override
  public void complete(PendingRequest request, @Nullable Usage usage) {
    throw new AssertionError("complete of " + request.request());
  }
}
