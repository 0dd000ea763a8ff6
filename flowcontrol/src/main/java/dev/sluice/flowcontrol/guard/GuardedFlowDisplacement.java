package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import org.jspecify.annotations.Nullable;

/**
 * A policy that names the flow that gives way, behind the border. If the policy fails, it names no
 * flow. Guarded by the core's lock.
 */
public final class GuardedFlowDisplacement implements InterFlowDisplacementPolicy {
  private final InterFlowDisplacementPolicy policy;
  private final Border border;

  /** A guard for {@code policy}. */
  public GuardedFlowDisplacement(InterFlowDisplacementPolicy policy, Border border) {
    this.policy = policy;
    this.border = border;
  }

  /** A guard for a new policy. If it cannot be made, it fails like one that throws. */
  public static GuardedFlowDisplacement of(
      Plugin<InterFlowDisplacementPolicy> plugin, Border border) {
    try {
      return new GuardedFlowDisplacement(plugin.create(), border);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return new GuardedFlowDisplacement(Missing.POLICY, border);
    }
  }

  @Override
  public void backlogChanged(FlowView flow) {
    try {
      policy.backlogChanged(flow);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  /**
   * The policy's choice. Null means that the policy failed: it is asked only while a flow has
   * queued requests, so a policy that names none is at fault too.
   */
  @Override
  public @Nullable FlowView victim() {
    try {
      var victim = policy.victim();
      if (victim == null) {
        border.misbehaved("victim: named no flow although requests are queued");
      }
      return victim;
    } catch (Throwable thrown) {
      border.caught(thrown);
      return null;
    }
  }

  /** Reports a choice of {@link #victim} that only the registry can tell to be wrong. */
  public void misbehaved(String answer) {
    border.misbehaved(answer);
  }

  /** Stands for a policy that could not be made: it names no flow. */
  private enum Missing implements InterFlowDisplacementPolicy {
    POLICY;

    @Override
    public void backlogChanged(FlowView flow) {}

    @Override
    public @Nullable FlowView victim() {
      return null;
    }
  }
}
