package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client that runs as a program of its own, around an SDK.
 *
 * @param folder the folder in which the program runs
 * @param command the command that starts the program, without the arguments of a call
 */
record ProgramClient(Path folder, List<String> command) implements OpenAiClient {
  private static final JsonMapper JSON = new JsonMapper();

  /** The folder in which e2e/clients/install.sh installs the SDKs. */
  static final Path INSTALLED = Repository.ROOT.resolve(".build/e2e");

  /** The folder of the client programs. */
  static final Path PROGRAMS = Repository.ROOT.resolve("e2e/clients");

  @Override
  public Map<String, Object> call(URI base, Ask ask) throws Exception {
    assertThat(folder).as("run e2e/clients/install.sh first").exists();
    var line = new ArrayList<>(command);
    line.addAll(
        List.of(
            base.toString(),
            ask.key(),
            ask.scenario().toString(),
            ask.model(),
            Integer.toString(ask.maxTokens())));
    var errors = Files.createTempFile("client", ".log");
    try {
      var process =
          new ProcessBuilder(line)
              .directory(folder.toFile())
              .redirectError(errors.toFile())
              .start();
      var output = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor()).as(() -> output + Repository.read(errors)).isZero();
      return JSON.readValue(output, new TypeReference<Map<String, Object>>() {});
    } finally {
      Files.delete(errors);
    }
  }
}
