package dev.sluice.server;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@code sluice} in a process of its own, as {@code ./sluice} starts it. */
public final class SluiceProcess implements AutoCloseable {
  private static final long SECONDS = 60;

  private final Process process;
  private final Path output;

  private SluiceProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts the process; its output goes to a file in {@code folder}. */
  public static SluiceProcess start(Path folder, String... arguments) throws IOException {
    return start(folder, List.of(), arguments);
  }

  /** Starts a process that may open so many descriptors. */
  public static SluiceProcess startWithDescriptors(Path folder, int most, String... arguments)
      throws IOException {
    return start(
        folder, List.of("sh", "-c", "ulimit -n " + most + "; exec \"$@\"", "sluice"), arguments);
  }

  private static SluiceProcess start(Path folder, List<String> before, String... arguments)
      throws IOException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var line = new ArrayList<>(before);
    line.addAll(
        List.of(
            java,
            "-Xmx256m",
            "-XX:+UseCompactObjectHeaders",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            SluiceCommand.class.getName()));
    line.addAll(List.of(arguments));
    var output = Files.createTempFile(folder, "sluice", ".out");
    var process =
        new ProcessBuilder(line)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(new File("/dev/null"))
            .start();
    return new SluiceProcess(process, output);
  }

  /** The output so far. */
  public String output() throws IOException {
    return Files.readString(output);
  }

  /** Whether the process runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Sends SIGTERM, which ends the process as Ctrl-C does. */
  public void terminate() {
    process.destroy();
  }

  /** Sends SIGHUP, as a terminal does when it is closed. */
  public void hangUp() throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor();
  }

  /** Waits for the process to end, and returns its exit code. */
  public int exitCode() throws InterruptedException, IOException {
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("it still runs after a minute; it printed " + output());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
