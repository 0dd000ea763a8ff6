package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What can happen to the core, as values: the same operations at the same times give the same
 * decisions. An offer is the request itself; a permit that comes back while the lock is free needs
 * no object, see {@link Core#complete}.
 */
sealed interface Operation {

  /** A caller gave up. */
  record Cancel(PendingRequest request) implements Operation {}

  /** Time has passed. Due requests expire before every other operation too. */
  record Tick() implements Operation {
    static final Tick INSTANCE = new Tick();
  }

  /** A new picture of the pool arrived. */
  record PoolChanged(PoolSnapshot snapshot) implements Operation {}

  /** A permit comes back. {@code usage} is null where its holder can't tell. */
  record Complete(PendingRequest request, @Nullable Usage usage) implements Operation {}

  /** A running request's endpoint is known. */
  record Bind(PendingRequest request, String endpointId) implements Operation {}

  /** A running request has used so much. */
  record Progress(PendingRequest request, Usage usage) implements Operation {}

  /** A new configuration takes effect. */
  record Reconfigure(FlowControlConfig config) implements Operation {}

  /** No more offers; what is still queued after {@code drainNanos} is evicted. */
  record Shutdown(long drainNanos) implements Operation {}

  /** A request is offered. */
  non-sealed interface Offer extends Operation {}
}
