package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.controller.EngineInvariants;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * An engine on a clock that stands still, for tests of its invariants. It keeps the engine's
 * events, the permits that callers hold, and the outcomes of each request. It does not use the
 * naive engine.
 */
abstract class EngineScenario {

  static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  final FakeClock clock = new FakeClock();
  final Events events = new Events();
  final List<Permit> permits = new ArrayList<>();
  final Map<String, List<Admission>> outcomes = new HashMap<>();
  int offered;

  FlowController engine(Knobs knobs) {
    return engine(Translation.config(knobs));
  }

  FlowController engine(FlowControlConfig config) {
    return FlowController.builder(config).timeSource(clock).observer(events).build();
  }

  FlowControlRequest.Builder request(String flow, int priority) {
    return FlowControlRequest.builder("r" + ++offered, new FlowKey(flow, priority))
        .inputTokens(10)
        .maxOutputTokens(10);
  }

  PendingAdmission offer(FlowController engine, FlowControlRequest request) {
    return engine.enqueue(
        request,
        admission -> {
          outcomes.computeIfAbsent(request.id(), id -> new ArrayList<>()).add(admission);
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
          }
        });
  }

  /** Offers, completes, cancels and lets time pass, at random. */
  void runAtRandom(FlowController engine, long seed, int operations) {
    var random = new Random(seed);
    var pending = new ArrayDeque<PendingAdmission>();
    for (var i = 0; i < operations; i++) {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3, 4 -> {
          var flow = random.nextInt(4);
          var request =
              request("f" + flow, random.nextInt(3) * 5 - 5)
                  .tenant("t" + flow / 2)
                  .sizeBytes(random.nextInt(20));
          if (random.nextInt(4) == 0) {
            request.timeToLive(Ticks.duration(1 + random.nextInt(10)));
          }
          pending.add(offer(engine, request.build()));
        }
        case 5, 6, 7 -> {
          if (!permits.isEmpty()) {
            permits.remove(random.nextInt(permits.size())).complete(Usage.of(10, 5));
          }
        }
        case 8 -> {
          if (pending.size() > 4) {
            pending.removeFirst().cancel();
          }
        }
        default -> clock.advance(Ticks.duration(random.nextInt(4)));
      }
      EngineInvariants.check(engine);
    }
  }
}
