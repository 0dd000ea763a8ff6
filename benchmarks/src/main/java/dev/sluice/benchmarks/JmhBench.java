package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * A bench that JMH runs. It measures the average time and the allocated bytes of an operation, for
 * all values of the parameters.
 *
 * @param name the name of the bench
 * @param benchmark the class with the one benchmark method
 */
record JmhBench(String name, Class<?> benchmark) implements Bench {

  /** The name that JMH's profiler gives to the bytes allocated per operation. */
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  @Override
  public List<Result> run(Scale scale) throws RunnerException {
    var quick = scale == Scale.QUICK;
    var options =
        new OptionsBuilder()
            .include("^" + benchmark.getName().replace(".", "\\.") + "\\.")
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true)
            .warmupIterations(quick ? 1 : 5)
            .warmupTime(TimeValue.milliseconds(quick ? 100 : 1_000))
            .measurementIterations(quick ? 1 : 5)
            .measurementTime(TimeValue.milliseconds(quick ? 100 : 1_000))
            .forks(quick ? 0 : 1)
            .build();
    return results(new Runner(options).run());
  }

  private List<Result> results(Collection<RunResult> runs) {
    var results = new ArrayList<Result>();
    for (var run : runs) {
      var given = run.getParams();
      Map<String, Object> params = new LinkedHashMap<>();
      for (var key : given.getParamsKeys()) {
        params.put(key, value(given.getParam(key)));
      }
      var nanos = run.getPrimaryResult().getScore();
      var allocated = run.getSecondaryResults().get(ALLOCATED);
      results.add(
          new Result(
              name,
              params,
              1e9 / nanos,
              nanos,
              allocated == null ? Double.NaN : allocated.getScore()));
    }
    return results;
  }

  private static Object value(String text) {
    return text.matches("-?\\d{1,18}") ? (Object) Long.valueOf(text) : text;
  }
}
