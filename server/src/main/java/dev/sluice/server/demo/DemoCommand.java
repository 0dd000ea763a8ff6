package dev.sluice.server.demo;

import ch.qos.logback.classic.Level;
import dev.sluice.flowcontrol.reading.Durations;
import dev.sluice.server.config.InvalidConfigException;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code sluice demo}: shows the effect of flow control, on real sockets, with nothing else
 * installed.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = "Overloads a small simulated pool with four tenants, and shows who waits.")
public final class DemoCommand implements Callable<Integer> {
  private static final Duration LONGEST_START = Duration.ofSeconds(20);
  private static final Duration LONGEST_END = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(50);

  @Option(
      names = "--duration",
      defaultValue = "60s",
      converter = Seconds.class,
      paramLabel = "TIME",
      description = "The time in which requests are sent (${DEFAULT-VALUE}).")
  private Duration duration = Duration.ZERO;

  @Option(
      names = "--compare",
      description = "Runs the same load without flow control at the same time.")
  private boolean compare;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Writes the summary to FILE, as JSON; implies --compare.")
  private @Nullable Path json;

  @Spec private @Nullable CommandSpec spec;

  /** Called by picocli. */
  public DemoCommand() {}

  @Override
  public Integer call() throws InterruptedException, InvalidConfigException, IOException {
    if (spec == null) {
      throw new IllegalStateException("made by picocli only");
    }
    if (json != null && json.toAbsolutePath().getParent() != null) {
      var folder = json.toAbsolutePath().getParent();
      if (folder != null && !Files.isDirectory(folder)) {
        throw new CommandLine.ParameterException(
            spec.commandLine(), "--json: there is no folder " + folder);
      }
    }
    quietLogs();
    var screen =
        new DemoScreen(spec.commandLine().getOut(), Look.of(isTerminal(), System.getenv()));
    var comparing = compare || json != null;
    var plan = DemoPlan.of(duration);
    screen.introduce(plan, duration, comparing);
    try (var with = new DemoStack(true);
        var without = comparing ? new DemoStack(false) : null) {
      awaitReady(with);
      if (without != null) {
        awaitReady(without);
      }
      try (var interruption = new Interruption(with, without)) {
        var summary = run(plan, screen, with, without, interruption);
        screen.summarize(summary);
        if (json != null) {
          var mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
          Files.writeString(json, mapper.writeValueAsString(summary));
        }
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private static DemoSummary run(
      DemoPlan plan,
      DemoScreen screen,
      DemoStack with,
      @Nullable DemoStack without,
      Interruption interruption)
      throws InterruptedException {
    var start = System.nanoTime();
    var sending = send(with, plan);
    var sendingWithout = without == null ? null : send(without, plan);
    var loaded = Duration.ZERO;
    var next = screen.interval();
    while (true) {
      var elapsed = Duration.ofNanos(System.nanoTime() - start);
      var loading = sending.isAlive() || (sendingWithout != null && sendingWithout.isAlive());
      if (loading) {
        loaded = elapsed;
      } else if (inFlight(with, without) == 0
          || interruption.happened()
          || elapsed.compareTo(loaded.plus(DemoClient.PATIENCE).plusSeconds(2)) > 0) {
        break;
      }
      if (elapsed.compareTo(next) >= 0) {
        draw(screen, elapsed, with, without);
        next = elapsed.plus(screen.interval());
      }
      if (interruption.happens(POLL) && !loading) {
        break;
      }
    }
    if (interruption.happened()) {
      with.client().giveUp();
      if (without != null) {
        without.client().giveUp();
      }
    }
    draw(screen, Duration.ofNanos(System.nanoTime() - start), with, without);
    return new DemoSummary(with.summary(loaded), without == null ? null : without.summary(loaded));
  }

  private static int inFlight(DemoStack with, @Nullable DemoStack without) {
    return with.client().inFlight() + (without == null ? 0 : without.client().inFlight());
  }

  private static void draw(
      DemoScreen screen, Duration elapsed, DemoStack with, @Nullable DemoStack without) {
    screen.draw(
        elapsed, with.snapshots(), with.saturation(), without == null ? null : without.snapshots());
  }

  private static Thread send(DemoStack stack, DemoPlan plan) {
    return Thread.ofVirtual()
        .name("demo-client")
        .start(() -> {
          try {
            stack.client().send(plan.arrivals());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static void awaitReady(DemoStack stack) throws InterruptedException {
    var start = System.nanoTime();
    while (!stack.isReady()) {
      if (System.nanoTime() - start > LONGEST_START.toNanos()) {
        throw new IllegalStateException("the simulated model servers did not become healthy");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  /** Silences warnings, which would break up the table. */
  private static void quietLogs() {
    if (LoggerFactory.getLogger("dev.sluice") instanceof ch.qos.logback.classic.Logger logger) {
      logger.setLevel(Level.ERROR);
    }
  }

  /**
   * Handles Ctrl-C: ends the load, and keeps the process alive until the summary is out and this
   * object is closed. The shutdown hook stays registered, and does nothing after that.
   */
  private static final class Interruption implements AutoCloseable {
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final CountDownLatch summarized = new CountDownLatch(1);

    Interruption(DemoStack with, @Nullable DemoStack without) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    with.client().stop();
                    if (without != null) {
                      without.client().stop();
                    }
                    interrupted.countDown();
                    awaitSummary();
                  },
                  "demo-interrupt"));
    }

    private void awaitSummary() {
      try {
        if (!summarized.await(LONGEST_END.toSeconds(), TimeUnit.SECONDS)) {
          Runtime.getRuntime().halt(1);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    boolean happened() {
      return interrupted.getCount() == 0;
    }

    /** Waits for the interrupt, at most for {@code within}. Returns whether it came. */
    boolean happens(Duration within) throws InterruptedException {
      return interrupted.await(within.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
      summarized.countDown();
    }
  }

  /** {@code 60s}, {@code 2m} or plain seconds. */
  static final class Seconds implements CommandLine.ITypeConverter<Duration> {
    private static final Duration LEAST = Duration.ofSeconds(1);
    private static final Duration MOST = Duration.ofHours(1);

    @Override
    public Duration convert(String text) {
      var time =
          Durations.parse(text.matches("\\d{1,6}") ? text + "s" : text)
              .orElseThrow(() ->
                  new CommandLine.TypeConversionException(
                      "got " + text + ", allowed a time such as 30s or 2m"));
      if (time.compareTo(LEAST) < 0 || time.compareTo(MOST) > 0) {
        throw new CommandLine.TypeConversionException("got " + text + ", allowed 1s to 60m");
      }
      return time;
    }
  }
}
