package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OpenTrafficTest {
  private static final long MINUTE = 60_000_000_000L;
  private static final RequestShape SHAPE =
      RequestShape.of(new TokenLengths.Uniform(10, 500), new TokenLengths.Uniform(1, 200));

  @Test
  void comesInOrderOfTimeAndEndsWithTheDuration() {
    var sources = OpenTraffic.tenantsAndHog(3, "t", 2, 10, SHAPE);

    var arrivals = all(new OpenTraffic(sources, 1, MINUTE));

    assertThat(arrivals).extracting(Arrival::atNanos).isSorted().allMatch(at -> at < MINUTE);
    assertThat(arrivals).extracting(Arrival::tenant).containsOnly("t-1", "t-2", "t-3", "hog");
    assertThat(arrivals.stream().filter(a -> a.tenant().equals("hog")).count())
        .isBetween(1_050L, 1_350L);
  }

  @Test
  void isTheSameForTheSameSeedAndAnotherForAnother() {
    var sources = OpenTraffic.tenantsAndHog(3, "t", 2, 10, SHAPE);

    assertThat(all(new OpenTraffic(sources, 1, MINUTE)))
        .isEqualTo(all(new OpenTraffic(sources, 1, MINUTE)))
        .isNotEqualTo(all(new OpenTraffic(sources, 2, MINUTE)));
  }

  @Test
  void whatOneSourceSendsDoesNotDependOnTheOthers() {
    var two = OpenTraffic.tenants(2, "t", 0, new ArrivalProcess.Poisson(3), SHAPE);
    var five = OpenTraffic.tenants(5, "t", 0, new ArrivalProcess.Poisson(3), SHAPE);

    assertThat(of("t-2", all(new OpenTraffic(five, 9, MINUTE))))
        .isNotEmpty()
        .isEqualTo(of("t-2", all(new OpenTraffic(two, 9, MINUTE))));
  }

  @Test
  void staysWithinItsStartAndEnd() {
    var traffic =
        Traffic.of(Caller.of("t"), new ArrivalProcess.Regular(10), SHAPE)
            .between(5_000_000_000L, 6_000_000_000L);

    assertThat(all(new OpenTraffic(List.of(traffic), 1, MINUTE)))
        .extracting(Arrival::atNanos)
        .hasSize(9)
        .allMatch(at -> at >= 5_000_000_000L && at < 6_000_000_000L);
  }

  @Test
  void carriesWhatItsShapeAndCallerSay() {
    var shape = new RequestShape(SHAPE.input(), new TokenLengths.Constant(300), 0.5, 100, 7, 9);
    var caller = new Caller("tenant", "flow", -3, "model", "adapter");
    var traffic = Traffic.of(caller, new ArrivalProcess.Regular(10), shape);

    var arrival = all(new OpenTraffic(List.of(traffic), 1, MINUTE)).getFirst();

    assertThat(arrival)
        .isEqualTo(
            new Arrival(
                100_000_000,
                "tenant",
                "flow",
                -3,
                "model",
                "adapter",
                arrival.inputTokens(),
                arrival.inputTokens() / 2,
                100,
                100,
                7,
                9,
                arrival.inputTokens() * 4,
                List.of()));
  }

  static List<Arrival> all(Workload workload) {
    var arrivals = new ArrayList<Arrival>();
    for (var next = workload.next(); next != null; next = workload.next()) {
      arrivals.add(next);
    }
    return arrivals;
  }

  private static List<Arrival> of(String tenant, List<Arrival> arrivals) {
    return arrivals.stream().filter(a -> a.tenant().equals(tenant)).toList();
  }
}
