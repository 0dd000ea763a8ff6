package dev.sluice.simulation.report;

import java.util.List;

/**
 * Everything that made a comparison, so that it can be made again: the program, the command, the
 * workload, the simulated pool and the configurations. Immutable.
 *
 * @param program the program and its version
 * @param command the command line
 * @param workload the requests: the file, its digest, the seed
 * @param workloadText the description of the workload; empty if it is a trace
 * @param pool the simulated servers
 * @param configurations the configurations, in the order of the runs
 */
public record Provenance(
    String program,
    String command,
    List<Fact> workload,
    String workloadText,
    List<Fact> pool,
    List<Configuration> configurations) {

  /** Nothing is known. */
  public static final Provenance UNKNOWN =
      new Provenance("", "", List.of(), "", List.of(), List.of());

  /** A name and its value, for people. Immutable. */
  public record Fact(String name, String value) {}

  /**
   * A configuration. Immutable.
   *
   * @param run the name of its run
   * @param file the file that it was read from
   * @param policies the policies with their parameters, as they were used, defaults too
   * @param text the file's text, without keys
   */
  public record Configuration(String run, String file, List<Fact> policies, String text) {
    public Configuration {
      policies = List.copyOf(policies);
    }
  }

  public Provenance {
    workload = List.copyOf(workload);
    pool = List.copyOf(pool);
    configurations = List.copyOf(configurations);
  }
}
