package dev.sluice.simulation.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole sheet with one seed; the command runs it with five. */
final class SheetTest {

  static Stream<String> ids() {
    return Sheet.experiments().stream().map(Experiment::id);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void sluiceReachesEveryFigureAndEveryBaselineIsMeasuredByTheSame(String id) {
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
