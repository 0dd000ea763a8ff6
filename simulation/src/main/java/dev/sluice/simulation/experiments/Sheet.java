package dev.sluice.simulation.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** All experiments. */
public final class Sheet {

  /** The seeds with which each experiment is measured unless others are asked for. */
  public static final List<Long> SEEDS = List.of(0L, 1L, 2L, 3L, 4L);

  private Sheet() {}

  /** The experiments in the order of the sheet, each with all baselines. */
  public static List<Experiment> experiments() {
    var all = new ArrayList<Experiment>();
    all.addAll(FairnessSheet.experiments());
    all.addAll(BandSheet.experiments());
    all.addAll(QueueShareSheet.experiments());
    all.addAll(SaturationSheet.experiments());
    all.addAll(LimitSheet.experiments());
    all.addAll(OrderingSheet.experiments());
    all.addAll(PricingSheet.experiments());
    all.addAll(InvariantSheet.experiments());
    all.addAll(EstimateSheet.experiments());
    return all.stream().map(Sheet::withBaselines).toList();
  }

  /**
   * Adds the baselines that the experiment does not have yet: one for each scheduler between flows.
   */
  private static Experiment withBaselines(Experiment experiment) {
    var policies = new ArrayList<>(experiment.policies());
    for (var baseline : Policy.BASELINES) {
      if (policies.stream().noneMatch(known -> known.name().equals(baseline.name()))) {
        policies.add(baseline);
      }
    }
    return new Experiment(experiment.id(), experiment.title(), policies, experiment.body());
  }

  /** The experiment of a name, in any case. */
  public static Optional<Experiment> find(String id) {
    return experiments().stream().filter(e -> e.id().equalsIgnoreCase(id)).findFirst();
  }

  /**
   * Runs experiments with all their policies and these seeds; {@code each} gets rows as they come.
   */
  public static List<Row> run(List<Experiment> experiments, List<Long> seeds, Consumer<Row> each) {
    var rows = new ArrayList<Row>();
    for (var experiment : experiments) {
      for (var policy : experiment.policies()) {
        for (var seed : seeds) {
          for (var row : experiment.rows(policy, seed)) {
            rows.add(row);
            each.accept(row);
          }
        }
      }
    }
    return rows;
  }
}
