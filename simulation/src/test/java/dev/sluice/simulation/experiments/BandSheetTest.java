package dev.sluice.simulation.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised between bands, measured. */
final class BandSheetTest {

  @ParameterizedTest
  @ValueSource(strings = {"E6", "E25"})
  void holds(String id) {
    assertThat(Sheet.find(id).orElseThrow().passes(Policy.SLUICE, 0)).isTrue();
  }
}
