package dev.sluice.server;

import dev.sluice.server.demo.DemoCommand;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
    name = "sluice",
    mixinStandardHelpOptions = true,
    versionProvider = SluiceCommand.Version.class,
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      CheckCommand.class,
      ExperimentsCommand.class,
      SimulateCommand.class,
      ModelServerCommand.class
    },
    description = "Flow control for LLM inference serving.",
    footer = {"", "Also: sluice bench, which measures the engine.", ""},
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0: it went well",
      "1: it failed; the message says why",
      "2: the command line or the configuration is wrong",
      "130, 143: it was told to stop, by Ctrl-C or SIGTERM, and did so in order"
    })
public final class SluiceCommand {

  /** Called by picocli. */
  public SluiceCommand() {}

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    var command = commandLine();
    System.exit(args.length == 0 ? usage(command) : command.execute(args));
  }

  /** All commands, as {@link #main} runs them. */
  static CommandLine commandLine() {
    var command = new CommandLine(new SluiceCommand()).setCaseInsensitiveEnumValuesAllowed(true);
    command.setExecutionExceptionHandler((failure, line, parsed) -> {
      line.getErr().println("sluice: " + failure.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    });
    return command;
  }

  private static int usage(CommandLine command) {
    command.usage(command.getErr());
    return CommandLine.ExitCode.USAGE;
  }

  /** The version that the build put into the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      var version = SluiceCommand.class.getPackage().getImplementationVersion();
      return new String[] {
        "sluice " + Objects.requireNonNullElse(version, "(built without a version)")
      };
    }
  }
}
