package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pictures of docs/policies.md are those that the simulator draws from the files beside them.
 */
final class PolicyPicturesTest {
  private static final Path DOCS = Path.of("..", "docs");

  @ParameterizedTest
  @ValueSource(strings = {"bands", "flows"})
  void thePictureIsUpToDate(String name, @TempDir Path drawn) throws IOException {
    var folder = DOCS.resolve("pictures").resolve(name);
    var picture = folder.resolve("share.svg");
    var arguments = new ArrayList<>(List.of("simulate", "--charts", drawn.toString()));
    arguments.addAll(List.of("--workload", folder.resolve("workload.yaml").toString()));
    try (var files = Files.list(folder)) {
      files
          .filter(file -> file.toString().endsWith(".yaml") && !file.endsWith("workload.yaml"))
          .sorted()
          .forEach(file -> arguments.addAll(List.of("--config", file.toString())));
    }
    var err = new StringWriter();

    var code =
        SluiceCommand.commandLine()
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));

    assertThat(code).as("%s", err).isZero();
    if (Boolean.getBoolean("sluice.docs.write")) {
      Files.copy(drawn.resolve("share.svg"), picture, StandardCopyOption.REPLACE_EXISTING);
    }
    assertThat(picture)
        .as("%s, which -Dsluice.docs.write=true brings up to date", picture)
        .hasSameTextualContentAs(drawn.resolve("share.svg"));
    assertThat(DOCS.resolve("policies.md")).content().contains("pictures/" + name + "/share.svg");
  }
}
