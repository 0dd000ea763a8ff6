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
  void sluiceReachesEveryFigure(String id) {
    var experiment = Sheet.find(id).orElseThrow();

    var rows = experiment.rows(Policy.SLUICE, 0);

    assertThat(rows).isNotEmpty().allMatch(Row::passed);
    assertThat(experiment.policies()).first().isEqualTo(Policy.SLUICE);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void everyBaselineIsMeasuredByTheSameFigures(String id) {
    var experiment = Sheet.find(id).orElseThrow();
    List<String> names =
        experiment.rows(Policy.SLUICE, 0).stream().map(row -> row.figure().name()).toList();

    for (var policy : experiment.policies()) {
      var rows = experiment.rows(policy, 0);
      assertThat(rows).extracting(row -> row.figure().name()).isEqualTo(names);
      assertThat(rows).allMatch(row -> row.baseline() == policy.baseline());
    }
  }
}
