package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Tests {@code ./sluice} by running {@code build-tools/launcher-test.sh}. */
final class LauncherTest {
  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a shell script")
  void keepsItsRules() throws Exception {
    var process =
        new ProcessBuilder("sh", Repository.ROOT.resolve("build-tools/launcher-test.sh").toString())
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
  }
}
