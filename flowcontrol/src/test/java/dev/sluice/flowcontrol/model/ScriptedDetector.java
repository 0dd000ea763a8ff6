package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import java.util.HashMap;
import java.util.Map;

/**
 * A detector whose answer a test decides. Each class has the room of the endpoints that serve it
 * for itself alone. If the KV utilisation of an endpoint is NaN, so is the saturation of its
 * classes.
 */
record ScriptedDetector(int maxConcurrency) implements SaturationDetector {

  @Override
  public CapacityGate newGate() {
    return new Gate(maxConcurrency);
  }

  private static final class Gate implements CapacityGate {
    private final int maxConcurrency;
    private final Map<String, Integer> running = new HashMap<>();
    private PoolSnapshot pool = PoolSnapshot.EMPTY;

    Gate(int maxConcurrency) {
      this.maxConcurrency = maxConcurrency;
    }

    @Override
    public void poolChanged(PoolSnapshot snapshot, long nowNanos) {
      pool = snapshot;
    }

    @Override
    public void classAdded(EligibilityClass added) {}

    @Override
    public void classRetired(EligibilityClass retired) {}

    @Override
    public double saturation(EligibilityClass needs, long nowNanos) {
      var serving = pool.endpoints().stream().filter(e -> e.serves(needs.needs())).toList();
      if (serving.isEmpty()) {
        return 1.0;
      }
      if (serving.stream().anyMatch(e -> Double.isNaN(e.kvUtilization()))) {
        return Double.NaN;
      }
      return running.getOrDefault(needs.needs().model(), 0)
          / ((double) serving.size() * maxConcurrency);
    }

    @Override
    public void granted(RunningRequest request) {
      running.merge(request.request().eligibility().model(), 1, Integer::sum);
    }

    @Override
    public void bound(RunningRequest request, String previousEndpointId) {}

    @Override
    public void returned(RunningRequest request) {
      var left = running.merge(request.request().eligibility().model(), -1, Integer::sum);
      if (left < 0) {
        throw new IllegalStateException("returned more often than granted: " + request.request());
      }
    }
  }
}
