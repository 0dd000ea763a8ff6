package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.SaturationDetector;

/**
 * The border to the saturation detector's gate. If the gate throws, its exception is reported, and
 * the saturation is unknown (NaN): the gate counts as closed for that decision. Guarded by the
 * core's lock.
 */
public final class GuardedGate extends PluginSlot<SaturationDetector> implements CapacityGate {
  private CapacityGate gate;

  /** A gate in its first state. */
  public GuardedGate(Plugin<SaturationDetector> detector, Faults faults) {
    super(detector, faults);
    gate = object().newGate();
  }

  /**
   * Takes a new gate of another detector. The caller then tells it of classes, pool and running
   * requests.
   *
   * @return false if the detector is the present one, whose gate stays
   */
  public boolean use(Plugin<SaturationDetector> wanted) {
    if (!take(wanted)) {
      return false;
    }
    var previous = gate;
    gate = object().newGate();
    succeed(previous);
    return true;
  }

  @Override
  public void succeed(CapacityGate previous) {
    try {
      gate.succeed(previous);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void poolChanged(PoolSnapshot snapshot, long nowNanos) {
    try {
      gate.poolChanged(snapshot, nowNanos);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void classAdded(EligibilityClass added) {
    try {
      gate.classAdded(added);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void classRetired(EligibilityClass retired) {
    try {
      gate.classRetired(retired);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public double saturation(EligibilityClass needs, long nowNanos) {
    try {
      return gate.saturation(needs, nowNanos);
    } catch (Throwable thrown) {
      caught(thrown);
      return Double.NaN;
    }
  }

  @Override
  public void granted(RunningRequest request) {
    try {
      gate.granted(request);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void bound(RunningRequest request, String previousEndpointId) {
    try {
      gate.bound(request, previousEndpointId);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void progressed(RunningRequest request, long nowNanos) {
    try {
      gate.progressed(request, nowNanos);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void returned(RunningRequest request) {
    returned(request, true);
  }

  @Override
  public void returned(RunningRequest request, boolean wasServed) {
    try {
      gate.returned(request, wasServed);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }
}
