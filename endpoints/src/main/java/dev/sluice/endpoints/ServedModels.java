package dev.sluice.endpoints;

import dev.sluice.endpoints.models.ServedModel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * The models and LoRA adapters of one endpoint, from its configuration and its model list.
 * Immutable.
 *
 * <pre>
 *   models     the configured ones; if none are configured, the listed ones
 *   adapters   the configured ones; if none are configured, the listed models that have a parent
 * </pre>
 *
 * <p>A configured adapter is also a model: clients ask a model server for an adapter by naming it
 * in place of a model. If adapters are configured, listed adapters that are not among them are left
 * out.
 */
final class ServedModels {
  private final EndpointConfig config;
  private final List<ServedModel> listed;
  private final List<ServedModel> all;
  private final Set<String> names;
  private final Set<String> adapters;

  /** The models of an endpoint whose model list has not been read. */
  ServedModels(EndpointConfig config) {
    this(config, List.of());
  }

  private ServedModels(EndpointConfig config, List<ServedModel> listed) {
    this.config = config;
    this.listed = listed;
    all = served();
    var models = new HashSet<String>();
    var loras = new HashSet<>(config.adapters());
    for (var model : all) {
      models.add(model.id());
      if (config.adapters().isEmpty() && model.isAdapter()) {
        loras.add(model.id());
      }
    }
    names = Set.copyOf(models);
    adapters = Set.copyOf(loras);
  }

  /** The models after a change of the configuration. */
  ServedModels configured(EndpointConfig next) {
    return new ServedModels(next, listed);
  }

  /**
   * The models after the model list was read. An empty list says nothing: if the list is empty, or
   * equal to the one before, this object is returned.
   */
  ServedModels listed(List<ServedModel> next) {
    return next.isEmpty() || next.equals(listed)
        ? this
        : new ServedModels(config, List.copyOf(next));
  }

  /** Every model and adapter that requests can name; empty if unknown. */
  List<ServedModel> all() {
    return all;
  }

  /** The ids of {@link #all}. */
  Set<String> names() {
    return names;
  }

  /** The ids of the LoRA adapters; empty if unknown. */
  Set<String> adapters() {
    return adapters;
  }

  private List<ServedModel> served() {
    var models = config.models().isEmpty() ? listed : described(config.models());
    return config.adapters().isEmpty() || models.isEmpty()
        ? models
        : withConfiguredAdapters(models);
  }

  private List<ServedModel> withConfiguredAdapters(List<ServedModel> models) {
    var byId = new TreeMap<String, ServedModel>();
    for (var model : models) {
      if (!model.isAdapter() || config.models().contains(model.id())) {
        byId.put(model.id(), model);
      }
    }
    for (var adapter : described(config.adapters())) {
      byId.put(adapter.id(), adapter);
    }
    return List.copyOf(byId.values());
  }

  /** Configured models, each with its details if the model list has it. */
  private List<ServedModel> described(Set<String> ids) {
    var models = new ArrayList<ServedModel>();
    for (var id : ids) {
      var model = ServedModel.of(id);
      for (var entry : listed) {
        if (entry.id().equals(id)) {
          model = entry;
        }
      }
      models.add(model);
    }
    return models;
  }
}
