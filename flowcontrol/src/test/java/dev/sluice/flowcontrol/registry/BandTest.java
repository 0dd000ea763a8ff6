package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Wrong choices of a band's policies that only the registry can detect. */
final class BandTest {
  private final Stubborn fairness = new Stubborn();
  private final List<String> faults = new ArrayList<>();
  private @Nullable FlowView victim;
  private final FlowRegistry registry =
      new FlowRegistry(
          FlowControlConfig.builder()
              .defaultBand(BandConfig.DEFAULT.withFairness(Plugin.of("fair", () -> fairness)))
              .flowDisplacement(Plugin.of("displacing", Victim::new))
              .build(),
          (plugin, cause) -> faults.add(plugin + " " + cause.getMessage()),
          added -> {},
          retired -> {},
          0);

  private FlowQueue queue(String flow) {
    var request = FlowControlRequest.builder("r", new FlowKey(flow, 0)).build();
    return Objects.requireNonNull(registry.queueFor(request, 0));
  }

  private FlowQueue queueWithRequest(String flow) {
    var queue = queue(flow);
    var item = FakeItem.of(1, 0);
    queue.items().add(item);
    registry.added(queue, item);
    return queue;
  }

  @Test
  void takesTheTenantThatTheFairnessPolicyNames() {
    var active = queueWithRequest("a");
    fairness.choice = active.tenantQueue();

    var next = active.flow().band().next(active.slot());

    assertThat(next).isSameAs(active.tenantQueue());
    assertThat(faults).isEmpty();
  }

  @Test
  void aFairnessPolicyThatNamesATenantWithNothingQueuedIsAtFault() {
    var active = queueWithRequest("a");
    fairness.choice = queue("b").tenantQueue();

    var next = active.flow().band().next(active.slot());

    assertThat(next).isNull();
    assertThat(faults).singleElement().asString().startsWith("fair next: named no active tenant");
  }

  @Test
  void aFairnessPolicyThatNamesAnotherTenantsFlowIsAtFault() {
    var active = queueWithRequest("a");
    fairness.choice = queueWithRequest("b");

    var next = active.flow().band().next(active.tenantQueue());

    assertThat(next).isNull();
    assertThat(faults).containsExactly("fair next: named no active flow of tenant \"a\"");
  }

  @Test
  void aDisplacementPolicyThatNamesAFlowOfItsOwnMakingIsAtFault() {
    var active = queueWithRequest("a");
    victim = FakeFlow.of("a", 1);

    var displaced = active.flow().band().victim();

    assertThat(displaced).isNull();
    assertThat(faults).containsExactly("displacing victim: named no tenant of band 0");
  }

  /** Names the queue that the test sets, whether or not it is active. */
  private static final class Stubborn implements InterFlowDispatchPolicy {
    private @Nullable FlowQueueView choice;

    @Override
    public void activated(FlowQueueView queue) {}

    @Override
    public void deactivated(FlowQueueView queue) {}

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      return choice;
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      return false;
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {}
  }

  private final class Victim implements InterFlowDisplacementPolicy {
    @Override
    public void backlogChanged(FlowView flow) {}

    @Override
    public @Nullable FlowView victim() {
      return victim;
    }
  }
}
