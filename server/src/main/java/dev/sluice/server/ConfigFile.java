package dev.sluice.server;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The configuration on the command line: {@code FILE} or {@code --config FILE}. */
final class ConfigFile {
  private static final String DESCRIPTION = "The configuration, a YAML file.";

  @Parameters(arity = "1", paramLabel = "FILE", description = DESCRIPTION)
  private @Nullable Path file;

  @Option(names = "--config", required = true, paramLabel = "FILE", description = "The same.")
  private @Nullable Path option;

  /** The file, whichever way it was given. */
  Path path() {
    if (file != null) {
      return file;
    }
    if (option != null) {
      return option;
    }
    throw new IllegalStateException("made by picocli, which asks for one of the two");
  }
}
