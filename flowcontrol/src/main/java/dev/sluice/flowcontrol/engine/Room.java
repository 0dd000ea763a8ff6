package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.guard.GuardedGate;
import dev.sluice.flowcontrol.guard.GuardedUsageLimit;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.ClassSlot;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Decides whether a request of a class and a band may go. The gate tells how full the endpoints are
 * that serve the class, each band has a ceiling at which it must stop, and endpoints may have
 * limits.
 */
final class Room {
  private final GuardedGate gate;
  private final GuardedUsageLimit usageLimit;
  private final FlowRegistry registry;
  private final EndpointLimits limits = new EndpointLimits();
  private PoolSnapshot pool = PoolSnapshot.EMPTY;

  /** Ceilings by rank, as computed for {@code ceilingsSaturation} and {@code ceilingsVersion}. */
  private double[] ceilings = {};

  private double ceilingsSaturation = Double.NaN;
  private long ceilingsVersion;

  /** A room whose gate has been told of every class that the registry knows. */
  Room(GuardedGate gate, GuardedUsageLimit usageLimit, FlowRegistry registry) {
    this.gate = gate;
    this.usageLimit = usageLimit;
    this.registry = registry;
  }

  /** Whether a request of the class may go in a turn that its band has by its rank. */
  boolean has(Round round, ClassSlot slot, Band band) {
    return has(round, slot, band, false);
  }

  /**
   * Whether a request of the class may go.
   *
   * @param reservedTurn whether the band has its turn by right of a reservation, so that its
   *     ceiling does not hold
   */
  boolean has(Round round, ClassSlot slot, Band band, boolean reservedTurn) {
    if (!limits.hasRoom(slot.eligibilityClass())) {
      return false;
    }
    var saturation = gate.saturation(slot.eligibilityClass(), round.nowNanos());
    return saturation < (reservedTurn ? 1.0 : ceiling(band.rank(), saturation));
  }

  /** The saturation at which the band of a rank stops, given that of the pool. */
  double ceiling(int rank, double saturation) {
    var priorities = registry.priorities();
    if (registry.bandsVersion() != ceilingsVersion
        || (usageLimit.dependsOnSaturation() && saturation != ceilingsSaturation)) {
      if (ceilings.length != priorities.length) {
        ceilings = new double[priorities.length];
      }
      Arrays.fill(ceilings, 1.0);
      usageLimit.ceilings(saturation, priorities, ceilings);
      for (var i = 1; i < ceilings.length; i++) {
        ceilings[i] = Math.min(ceilings[i], ceilings[i - 1]);
      }
      ceilingsVersion = registry.bandsVersion();
      ceilingsSaturation = saturation;
    }
    return ceilings[rank];
  }

  /** The saturation of the endpoints that serve requests without special needs; NaN if unknown. */
  double poolSaturation(Round round) {
    for (var known : registry.classes()) {
      if (known.needs().equals(Eligibility.ANY)) {
        return gate.saturation(known, round.nowNanos());
      }
    }
    return Double.NaN;
  }

  /** Takes over a new picture of the pool. */
  void poolChanged(Round round, PoolSnapshot snapshot, Running running) {
    pool = snapshot;
    limits.poolChanged(snapshot, running.inOrderOfDispatch());
    gate.poolChanged(snapshot, round.nowNanos());
  }

  /** A request takes capacity. */
  void taken(PendingRequest request) {
    limits.taken(request);
    gate.granted(request);
  }

  /** The endpoint of a request that holds capacity became known. */
  void bound(PendingRequest request, String previousEndpointId) {
    limits.bound(request, previousEndpointId);
    gate.bound(request, previousEndpointId);
  }

  /** The answer of a request that holds capacity has begun or gone on. */
  void progressed(Round round, PendingRequest request) {
    gate.progressed(request, round.nowNanos());
  }

  /** A request gives its capacity back. {@code wasServed} is false if it had no answer. */
  void returned(PendingRequest request, boolean wasServed) {
    limits.returned(request);
    gate.returned(request, wasServed);
  }

  /** Takes over a configuration; a new gate is told everything that the old one knew. */
  void configure(Round round, FlowControlConfig config, Running running) {
    if (usageLimit.use(config.usageLimit())) {
      ceilingsVersion = 0;
    }
    if (!gate.use(config.detector())) {
      return;
    }
    registry.classes().stream()
        .sorted(Comparator.comparingInt(EligibilityClass::index))
        .forEach(gate::classAdded);
    gate.poolChanged(pool, round.nowNanos());
    var first = running.inOrderOfDispatch().first();
    for (var request = first; request != null; request = request.nextRunning()) {
      request.gateState(null);
      gate.granted(request);
      if (!request.endpointId().isEmpty()) {
        gate.bound(request, "");
      }
    }
  }
}
