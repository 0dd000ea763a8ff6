package dev.sluice.simulation.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole sheet with one seed; the command runs it with five. */
final class SheetTest {

  /** The experiments that take most of the sheet's time. */
  private static final Set<String> SLOW =
      Set.of("E1c", "E7", "E9f", "E10", "E17", "E17a", "E17b", "E17c", "E20", "E21", "E27");

  static Stream<String> quick() {
    return Sheet.experiments().stream().map(Experiment::id).filter(id -> !SLOW.contains(id));
  }

  static Stream<String> slow() {
    return Sheet.experiments().stream().map(Experiment::id).filter(SLOW::contains);
  }

  @ParameterizedTest
  @MethodSource("quick")
  void sluiceReachesEveryFigureAndEveryBaselineIsMeasuredByTheSame(String id) {
    check(id);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("slow")
  void sluiceReachesEveryFigureOfTheSlowExperiments(String id) {
    check(id);
  }

  private static void check(String id) {
    var experiment = Sheet.find(id).orElseThrow();
    assertThat(experiment.policies()).first().isEqualTo(Policy.SLUICE);

    // In parallel, as the command does.
    var rows =
        experiment.policies().parallelStream().map(policy -> experiment.rows(policy, 0)).toList();

    assertThat(rows.getFirst()).isNotEmpty().allMatch(Row::passed);
    var names = names(rows.getFirst());
    for (var i = 0; i < rows.size(); i++) {
      var policy = experiment.policies().get(i);
      assertThat(names(rows.get(i))).isEqualTo(names);
      assertThat(rows.get(i)).allMatch(row -> row.baseline() == policy.baseline());
    }
  }

  private static List<String> names(List<Row> rows) {
    return rows.stream().map(row -> row.figure().name()).toList();
  }
}
