package dev.sluice.e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package of a module may use which. The library is layered; no module has a circle. */
final class PackageLayersTest {

  /** Each package of a module is a slice, and so is the module's own package. */
  private record PackagesOf(String root) implements SliceAssignment {

    @Override
    public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
      var name = javaClass.getPackageName();
      return name.equals(root) || name.startsWith(root + ".")
          ? SliceIdentifier.of(name)
          : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "the packages of " + root;
    }
  }

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.sluice");

  @Test
  void theLibraryIsLayeredFromTypesUpToController() {
    Architectures.layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("dev.sluice.flowcontrol..")
        .layer("types")
        .definedBy("dev.sluice.flowcontrol.types..")
        .layer("contracts")
        .definedBy("dev.sluice.flowcontrol.contracts..")
        .layer("structures")
        .definedBy("dev.sluice.flowcontrol.structures..")
        .layer("framework")
        .definedBy("dev.sluice.flowcontrol.framework..")
        .layer("plugins")
        .definedBy("dev.sluice.flowcontrol.plugins..")
        .layer("config")
        .definedBy("dev.sluice.flowcontrol.config..")
        .layer("guard")
        .definedBy("dev.sluice.flowcontrol.guard..")
        .layer("registry")
        .definedBy("dev.sluice.flowcontrol.registry..")
        .layer("engine")
        .definedBy("dev.sluice.flowcontrol.engine..")
        .layer("controller")
        .definedBy("dev.sluice.flowcontrol.controller..")
        .whereLayer("controller")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("engine")
        .mayOnlyBeAccessedByLayers("controller")
        .whereLayer("registry")
        .mayOnlyBeAccessedByLayers("engine")
        .whereLayer("guard")
        .mayOnlyBeAccessedByLayers("registry", "engine")
        .whereLayer("config")
        .mayOnlyBeAccessedByLayers("registry", "engine", "controller")
        .check(CLASSES);
  }

  @Test
  void theEngineKnowsNoLockClockThreadOrLogger() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.sluice.flowcontrol.engine..", "dev.sluice.flowcontrol.registry..")
        .and()
        .doNotHaveFullyQualifiedName("dev.sluice.flowcontrol.engine.PendingRequest")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.concurrent..", "org.slf4j..", "java.time.chrono..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.Thread")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("dev.sluice.flowcontrol.contracts.TimeSource")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .because("the core is a state machine; its shell has the lock, the clock and the threads")
        .check(CLASSES);
  }

  @ParameterizedTest
  @MethodSource("dev.sluice.e2e.ModuleDependenciesTest#modules")
  void noModuleHasACircleOfPackages(String module) {
    slices()
        .assignedFrom(new PackagesOf("dev.sluice." + module))
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(CLASSES);
  }
}
