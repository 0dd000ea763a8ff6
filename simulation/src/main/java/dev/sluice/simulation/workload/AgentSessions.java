package dev.sluice.simulation.workload;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Agents in a closed loop: a session is a sequence of steps, a step is one or several calls at
 * once, and the next step begins when the last call of the step before has ended and the agent has
 * thought. Each step's prompt starts with the session's earlier text, which a prefix cache holds.
 * Not thread-safe.
 */
public final class AgentSessions implements Workload {

  /**
   * The properties of sessions. Immutable.
   *
   * @param caller the caller that runs the sessions
   * @param sessions the times at which sessions begin
   * @param steps the number of steps of a session
   * @param parallel the number of calls that each step makes at once
   * @param thinkNanos the mean time between two steps, exponential; at least 0
   * @param flowPerSession whether each session is a flow of its own, named after the caller's flow
   * @param longestPrompt the tokens at which a session's history is cut
   * @param shape the tokens that a step adds to the prompt and gets back
   */
  public record Plan(
      Caller caller,
      ArrivalProcess sessions,
      TokenLengths steps,
      TokenLengths parallel,
      long thinkNanos,
      boolean flowPerSession,
      long longestPrompt,
      RequestShape shape) {
    public Plan {
      if (thinkNanos < 0) {
        throw new IllegalArgumentException("think: got " + thinkNanos + " ns, allowed >= 0");
      }
      if (longestPrompt < 1) {
        throw new IllegalArgumentException(
            "longestPrompt: got " + longestPrompt + ", allowed >= 1");
      }
    }

    /** These sessions with what the configured tenants add to them. */
    Plan of(Map<String, TenantRules> tenants) {
      return new Plan(
          TenantRules.complete(caller, tenants),
          sessions,
          steps,
          parallel,
          thinkNanos,
          flowPerSession,
          longestPrompt,
          TenantRules.complete(shape, caller, tenants));
    }
  }

  private static final class Session {
    final Caller caller;
    final SplittableRandom random;
    long stepsLeft;
    long history;
    int running;

    Session(Caller caller, SplittableRandom random, long steps) {
      this.caller = caller;
      this.random = random;
      this.stepsLeft = steps;
    }
  }

  private final Plan plan;
  private final SplittableRandom random;
  private final long endNanos;
  private final IdentityHashMap<Arrival, Session> open = new IdentityHashMap<>();
  private final List<Arrival> first = new ArrayList<>();
  private long beganAt;
  private int begun;

  /** Sessions that begin before {@code durationNanos}; a session that has begun is finished. */
  public AgentSessions(Plan plan, long seed, long durationNanos) {
    this.plan = plan;
    this.random = Randoms.source(seed, 0);
    this.endNanos = durationNanos;
  }

  @Override
  public @Nullable Arrival next() {
    if (first.isEmpty()) {
      beganAt = plan.sessions.after(beganAt, random);
      if (beganAt < 0 || beganAt >= endNanos) {
        beganAt = endNanos;
        return null;
      }
      begun++;
      var own = random.split();
      var caller =
          plan.flowPerSession
              ? plan.caller.withFlow(plan.caller.flow() + "/" + begun)
              : plan.caller;
      step(new Session(caller, own, plan.steps.sample(own)), beganAt, first);
    }
    return first.removeFirst();
  }

  @Override
  public List<Arrival> completed(Arrival arrival, long atNanos) {
    var session = open.remove(arrival);
    if (session == null) {
      return List.of();
    }
    session.history = Math.max(session.history, arrival.inputTokens() + arrival.outputTokens());
    session.running--;
    if (session.running > 0 || session.stepsLeft == 0) {
      return List.of();
    }
    var thought = Math.round(Randoms.exponential(session.random) * plan.thinkNanos);
    var calls = new ArrayList<Arrival>();
    step(session, atNanos + thought, calls);
    return calls;
  }

  private void step(Session session, long atNanos, List<Arrival> calls) {
    session.stepsLeft--;
    session.running = (int) plan.parallel.sample(session.random);
    for (var i = 0; i < session.running; i++) {
      var fresh = plan.shape.draw(session.caller, atNanos, session.random);
      var call = withHistory(fresh, session.history);
      open.put(call, session);
      calls.add(call);
    }
  }

  private Arrival withHistory(Arrival fresh, long history) {
    var known = Math.clamp(plan.longestPrompt - fresh.inputTokens(), 0, history);
    var input = known + fresh.inputTokens();
    return new Arrival(
        fresh.atNanos(),
        fresh.tenant(),
        fresh.flow(),
        fresh.priority(),
        fresh.model(),
        fresh.adapter(),
        input,
        known + fresh.cachedInputTokens(),
        fresh.outputTokens(),
        fresh.maxOutputTokens(),
        fresh.sloNanos(),
        fresh.ttlNanos(),
        input * RequestShape.BYTES_PER_TOKEN,
        List.of());
  }
}
