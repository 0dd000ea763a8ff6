package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can happen to the core, as values: the same operations at the same times give the
 * same decisions. An offer is the request itself. Immutable, but for the requests that it names.
 */
public sealed interface Operation
    permits PendingRequest,
        Operation.Cancel,
        Operation.Tick,
        Operation.PoolChanged,
        Operation.Complete,
        Operation.Bind,
        Operation.Progress,
        Operation.Reconfigure,
        Operation.Shutdown {

  /** A caller gave up. */
  record Cancel(PendingRequest request) implements Operation {}

  /** Time has passed. Every other operation lets time pass too. */
  record Tick() implements Operation {

    /** The only value. */
    public static final Tick INSTANCE = new Tick();
  }

  /** A new picture of the pool arrived. */
  record PoolChanged(PoolSnapshot snapshot) implements Operation {}

  /** A permit comes back. {@code usage} is null if its holder cannot tell. */
  record Complete(PendingRequest request, @Nullable Usage usage) implements Operation {}

  /** The endpoint of a running request became known. */
  record Bind(PendingRequest request, String endpointId) implements Operation {}

  /** A running request reports its use so far. */
  record Progress(PendingRequest request, Usage usage) implements Operation {}

  /** A new configuration takes effect. */
  record Reconfigure(FlowControlConfig config) implements Operation {}

  /**
   * No request is taken from now on; requests still queued after {@code drainNanos} are evicted.
   */
  record Shutdown(long drainNanos) implements Operation {}
}
