package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the list of idle flows with a set that keeps the order of insertion. */
final class IdleFlowsTest {
  private static final int OPERATIONS = 20_000;

  private final IdleFlows idle = new IdleFlows();
  private final Set<Flow> model = new LinkedHashSet<>();
  private final List<Flow> known = new ArrayList<>();
  private final BandTenant tenant = tenant();
  private int lastFlow;

  private static BandTenant tenant() {
    var registry =
        new FlowRegistry(
            FlowControlConfig.defaults(), (type, fault) -> {}, added -> {}, retired -> {}, 0);
    var request = FlowControlRequest.builder("r", new FlowKey("t", 0)).build();
    var queue = registry.queueFor(request, 0);
    if (queue == null) {
      throw new AssertionError("no band");
    }
    return queue.flow().bandTenant();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void behavesLikeASetInTheOrderOfInsertion(long seed) {
    var random = new Random(seed);
    for (var i = 0; i < OPERATIONS; i++) {
      // It grows to some hundreds and shrinks to a few, several times.
      var growing = i / 2_000 % 2 == 0;
      if (known.isEmpty() || random.nextInt(100) < (growing ? 40 : 10)) {
        know();
      } else {
        var flow = random.nextInt(4) == 0 ? oldest() : known.get(random.nextInt(known.size()));
        if (!flow.isIdle()) {
          idle.add(flow);
          flow.setIdle(true, i);
          model.add(flow);
        } else {
          idle.remove(flow);
          flow.setIdle(false, 0);
          model.remove(flow);
          if (random.nextBoolean()) {
            idle.forget(flow);
            known.remove(flow);
          }
        }
      }
      check("seed " + seed + ", step " + i);
    }
  }

  private void know() {
    var flow = new Flow(new FlowKey("flow-" + lastFlow++, 0), tenant);
    idle.know(flow);
    known.add(flow);
  }

  private Flow oldest() {
    return model.isEmpty() ? known.get(0) : model.iterator().next();
  }

  private void check(String where) {
    assertThat(idle.count()).as(where).isEqualTo(model.size());
    assertThat(idle.first()).as(where).isSameAs(model.isEmpty() ? null : oldest());
  }
}
