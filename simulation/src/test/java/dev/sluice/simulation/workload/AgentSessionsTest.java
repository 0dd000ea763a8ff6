package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

final class AgentSessionsTest {
  private static final long SECOND = 1_000_000_000L;
  private static final RequestShape SHAPE =
      RequestShape.of(new TokenLengths.Constant(100), new TokenLengths.Constant(50));

  @Test
  void nextStepBeginsWhenTheLastCallOfTheStepBeforeHasEnded() {
    var sessions = sessions(2, 3, 0, 10 * SECOND);
    var first = List.of(next(sessions), next(sessions), next(sessions));

    assertThat(sessions.completed(first.get(0), 2 * SECOND)).isEmpty();
    assertThat(sessions.completed(first.get(2), 3 * SECOND)).isEmpty();
    var second = sessions.completed(first.get(1), 5 * SECOND);

    assertThat(second).hasSize(3).allMatch(call -> call.atNanos() == 5 * SECOND);
    assertThat(second.stream().flatMap(call -> sessions.completed(call, 9 * SECOND).stream()))
        .as("a third step of two")
        .isEmpty();
  }

  @Test
  void promptsGrowByWhatWasSaidAndThatIsCached() {
    var sessions = sessions(3, 1, 0, 10 * SECOND);

    var first = next(sessions);
    var second = sessions.completed(first, 2 * SECOND).getFirst();
    var third = sessions.completed(second, 3 * SECOND).getFirst();

    assertThat(first.inputTokens()).isEqualTo(100);
    assertThat(second.inputTokens()).isEqualTo(250);
    assertThat(second.cachedInputTokens()).isEqualTo(150);
    assertThat(third.inputTokens()).isEqualTo(400);
    assertThat(third.cachedInputTokens()).isEqualTo(300);
  }

  @Test
  void thinksBetweenSteps() {
    var sessions = sessions(2, 1, SECOND, 10 * SECOND);

    var second = sessions.completed(next(sessions), 2 * SECOND).getFirst();

    assertThat(second.atNanos()).isGreaterThan(2 * SECOND);
  }

  @Test
  void eachSessionIsAFlowOfItsOwnIfAsked() {
    var sessions = sessions(1, 1, 0, 4 * SECOND);

    assertThat(List.of(next(sessions).flow(), next(sessions).flow(), next(sessions).flow()))
        .containsExactly("agent/1", "agent/2", "agent/3");
    assertThat(sessions.next()).as("the end").isNull();
    assertThat(sessions.next()).as("still the end").isNull();
  }

  @Test
  void mergedSessionsAreToldOfTheirOwnEndsOnly() {
    var open =
        new OpenTraffic(
            OpenTraffic.tenants(2, "t", 0, new ArrivalProcess.Regular(2), SHAPE), 1, 10 * SECOND);
    var merged = new MergedWorkload(List.of(open, sessions(4, 2, 0, 10 * SECOND)));

    var served = serve(merged, SECOND / 2);

    assertThat(served).extracting(Arrival::atNanos).isSorted();
    assertThat(served.stream().filter(a -> a.tenant().equals("agent")).count())
        .as("9 sessions of 4 steps of 2 calls")
        .isEqualTo(9 * 4 * 2);
    assertThat(served.stream().filter(a -> a.tenant().startsWith("t-")).count()).isEqualTo(2 * 19);
  }

  /** Serves every request, and those that follow from it, in the same time. */
  private static List<Arrival> serve(Workload workload, long eachNanos) {
    var byTime = Comparator.comparingLong(Arrival::atNanos);
    var waiting = new PriorityQueue<>(byTime);
    var running = new PriorityQueue<>(byTime);
    var served = new ArrayList<Arrival>();
    var pulled = workload.next();
    while (pulled != null || !waiting.isEmpty() || !running.isEmpty()) {
      var arrives =
          Math.min(
              pulled == null ? Long.MAX_VALUE : pulled.atNanos(),
              waiting.isEmpty() ? Long.MAX_VALUE : waiting.element().atNanos());
      var ends = running.isEmpty() ? Long.MAX_VALUE : running.element().atNanos() + eachNanos;
      if (ends <= arrives) {
        waiting.addAll(workload.completed(running.remove(), ends));
      } else {
        if (pulled != null && pulled.atNanos() == arrives) {
          served.add(pulled);
          pulled = workload.next();
        } else {
          served.add(waiting.remove());
        }
        running.add(served.getLast());
      }
    }
    return served;
  }

  private static AgentSessions sessions(int steps, int parallel, long think, long duration) {
    var plan =
        new AgentSessions.Plan(
            Caller.of("agent"),
            new ArrivalProcess.Regular(1),
            new TokenLengths.Constant(steps),
            new TokenLengths.Constant(parallel),
            think,
            true,
            10_000,
            SHAPE);
    return new AgentSessions(plan, 5, duration);
  }

  private static Arrival next(Workload workload) {
    return Objects.requireNonNull(workload.next());
  }
}
