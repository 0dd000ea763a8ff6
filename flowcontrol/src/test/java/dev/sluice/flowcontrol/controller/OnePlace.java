package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An engine whose pool serves one request at a time and serves one already, for the actors of the
 * stress tests. The alarm never rings: it would mend a lost wake-up before the arbiter looks.
 */
final class OnePlace {
  static final FlowControlRequest REQUEST =
      FlowControlRequest.builder("r", new FlowKey("t", 0)).build();
  static final PoolSnapshot POOL = PoolSnapshot.of("e");

  private static final TimeSource.Alarm NO_ALARM =
      new TimeSource.Alarm() {
        @Override
        public void set(long nanoTime) {}

        @Override
        public void close() {}
      };

  private static final TimeSource TIME =
      new TimeSource() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public Alarm newAlarm(Runnable onFire) {
          return NO_ALARM;
        }
      };

  final FlowController engine;

  /** The permit of the request that is served. */
  final Permit held;

  OnePlace() {
    var gate = new HeldEngine();
    gate.room = 1;
    engine =
        FlowController.builder(FlowControlConfig.builder().detector(gate.detector()).build())
            .timeSource(TIME)
            .build();
    engine.poolChanged(POOL);
    var first = new AtomicReference<Permit>();
    engine.enqueue(REQUEST, outcome -> first.set(((Admission.Dispatched) outcome).permit()));
    held = first.get();
  }

  /** Frees the place. Nothing was used. */
  void free() {
    held.complete(Usage.NONE);
  }

  int running() {
    return (int) engine.view().runningRequests();
  }

  /** What the requests of the only flow were charged so far. */
  long charged() {
    return engine.view().bands().get(0).flows().get(0).dispatchedCost();
  }
}
