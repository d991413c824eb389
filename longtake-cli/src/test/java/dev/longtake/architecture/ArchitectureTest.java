package dev.longtake.architecture;

import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Which package may know which, and what none may use. */
class ArchitectureTest {
  private static final String ROOT = "dev.longtake";

  /**
   * The arrows: what a package may know besides itself. Whoever adds one adds it here first, and
   * says in ARCHITECTURE.md why.
   */
  private static final Map<String, Set<String>> MAY_KNOW =
      Map.ofEntries(
          entry("tensor", Set.of()),
          entry("nn", Set.of("tensor")),
          entry("wan", Set.of("nn", "tensor")),
          entry("vae", Set.of("nn", "tensor")),
          entry("text", Set.of("nn", "tensor")),
          entry("memory", Set.of("nn", "tensor")),
          entry("diffusion", Set.of("tensor")),
          entry("checkpoint", Set.of("nn", "tensor")),
          entry(
              "rollout",
              Set.of("checkpoint", "diffusion", "memory", "nn", "tensor", "text", "vae", "wan")),
          entry(
              "inspect",
              Set.of("checkpoint", "pretrained", "rollout", "tensor", "text", "vae", "wan")),
          entry(
              "pretrained",
              Set.of("checkpoint", "memory", "nn", "rollout", "tensor", "text", "vae", "wan")),
          entry("optim", Set.of("nn", "tensor")),
          entry(
              "train",
              Set.of(
                  "checkpoint",
                  "diffusion",
                  "memory",
                  "nn",
                  "optim",
                  "rollout",
                  "tensor",
                  "text",
                  "vae",
                  "wan")),
          entry(
              "distill",
              Set.of(
                  "diffusion",
                  "memory",
                  "nn",
                  "optim",
                  "rollout",
                  "tensor",
                  "train",
                  "vae",
                  "wan")),
          entry(
              "teacher",
              Set.of("diffusion", "memory", "nn", "rollout", "tensor", "text", "train", "wan")),
          entry("world", Set.of()),
          entry("media", Set.of()),
          entry("data", Set.of("checkpoint", "media", "rollout", "tensor", "text", "vae")),
          entry("hub", Set.of()),
          entry(
              "eval",
              Set.of(
                  "checkpoint",
                  "diffusion",
                  "media",
                  "memory",
                  "nn",
                  "rollout",
                  "tensor",
                  "text",
                  "vae",
                  "wan",
                  "world")),
          entry(
              "recipes",
              Set.of(
                  "checkpoint",
                  "data",
                  "diffusion",
                  "distill",
                  "eval",
                  "media",
                  "memory",
                  "nn",
                  "optim",
                  "rollout",
                  "teacher",
                  "tensor",
                  "text",
                  "train",
                  "vae",
                  "wan",
                  "world")),
          entry(
              "cli",
              Set.of(
                  "checkpoint",
                  "data",
                  "eval",
                  "hub",
                  "inspect",
                  "media",
                  "memory",
                  "pretrained",
                  "recipes",
                  "rollout",
                  "tensor",
                  "text",
                  "train",
                  "vae",
                  "wan",
                  "world")),
          entry("testkit", Set.of("tensor")));

  private static JavaClasses all;

  @BeforeAll
  static void read() {
    // Names are all that is asked of other people's classes, and LibTorch's are enormous.
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
    all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/architecture/")) // as an IDE builds
            .withImportOption(location -> !location.contains("-tests.jar!")) // the tiny model
            .importPackages(ROOT);
  }

  @Test
  void everyPackageHasItsArrows() {
    assertThat(packages()).isEqualTo(new TreeSet<>(MAY_KNOW.keySet()));
  }

  @Test
  void aPackageKnowsOnlyWhatItsArrowsAllow() {
    MAY_KNOW.forEach(
        (name, known) -> {
          var allowed = new ArrayList<>(known);
          allowed.add(name);
          var allowedPackages =
              allowed.stream().map(ArchitectureTest::inside).toArray(String[]::new);
          classes()
              .that()
              .resideInAPackage(inside(name))
              .should()
              .onlyDependOnClassesThat(
                  JavaClass.Predicates.resideOutsideOfPackage(inside(""))
                      .or(JavaClass.Predicates.resideInAnyPackage(allowedPackages)))
              .because(name + " may know " + known + " only")
              .check(all);
        });
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(all);
  }

  @Test
  void onlyTheTensorPackageKnowsLibTorchAndOnlyMediaKnowsFfmpeg() {
    noClasses()
        .that()
        .resideOutsideOfPackage(inside("tensor"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco.pytorch..")
        .check(all);
    noClasses()
        .that()
        .resideOutsideOfPackage(inside("media"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco.ffmpeg..")
        .check(all);
    noClasses()
        .that()
        .resideOutsideOfPackages(inside("tensor"), inside("media"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .because("native memory is counted and freed in those two packages")
        .check(all);
  }

  @Test
  void onlyTheTokenizerKnowsItsLibraryAndOnlyTheCommandKnowsPicocli() {
    noClasses()
        .that()
        .resideOutsideOfPackage(inside("text"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(all);
    noClasses()
        .that()
        .resideOutsideOfPackage(inside("cli"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "me.tongfei..")
        .check(all);
  }

  @Test
  void noPackageIsADrawerForAnything() {
    assertThat(packages())
        .noneMatch(name -> List.of("util", "utils", "helper", "common", "misc").contains(name));
  }

  @Test
  void randomnessHasASeed() {
    noClasses()
        .that()
        .resideOutsideOfPackage(inside("testkit"))
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\..*\\.(Random|ThreadLocalRandom|SecureRandom)")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callMethod(java.util.UUID.class, "randomUUID")
        .orShould()
        .callConstructor(SplittableRandom.class)
        .because("what cannot be drawn again cannot be reproduced; mix a seed with Rng.mix")
        .check(all);
  }

  @Test
  void onlyTheCommandTalksToTheTerminalAndEndsTheProcess() {
    noClasses()
        .that()
        .resideOutsideOfPackage(inside("cli"))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .accessField(System.class, "in")
        .orShould()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(all);
  }

  @Test
  void nothingIsDeserialisedByJava() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.io\\.Object(Input|Output)Stream")
        .because("a file must not be able to choose which code runs")
        .check(all);
  }

  @Test
  void timeIsJavaTime() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.util\\.(Date|Calendar|GregorianCalendar|TimeZone)")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching("java\\.text\\.(Simple)?DateFormat")
        .check(all);
  }

  @Test
  void nothingAsksTheGarbageCollectorForHelp() {
    noClasses()
        .should()
        .callMethod(System.class, "gc")
        .because("native memory is freed by scopes; a collection cannot see how large it is")
        .check(all);
  }

  @Test
  void textIsTheSameInEveryLocaleAndOnEverySystem() {
    var wrong =
        are(
            new DescribedPredicate<JavaAccess<?>>("dependent on locale or charset") {
              @Override
              public boolean test(JavaAccess<?> access) {
                var parameters = access.getTarget().getFullName().replaceAll("^[^(]*", "");
                return switch (access.getTargetOwner().getName() + "." + access.getName()) {
                  case "java.lang.String.toLowerCase",
                      "java.lang.String.toUpperCase",
                      "java.lang.String.getBytes" ->
                      parameters.equals("()");
                  case "java.lang.String.<init>" -> parameters.equals("([B)");
                  case "java.io.FileReader.<init>", "java.io.FileWriter.<init>" ->
                      !parameters.contains("Charset");
                  default -> false;
                };
              }
            });
    noClasses().should().accessTargetWhere(wrong).check(all);
  }

  /** Digits and decimal marks depend on the locale; all that is written here is for all. */
  @Test
  void numbersAreWrittenInOneLocale() {
    var wrong =
        are(
            new DescribedPredicate<JavaAccess<?>>("formatting in the locale of the machine") {
              @Override
              public boolean test(JavaAccess<?> access) {
                var parameters = access.getTarget().getFullName().replaceAll("^[^(]*", "");
                return switch (access.getTargetOwner().getName() + "." + access.getName()) {
                  case "java.lang.String.formatted" -> true;
                  case "java.lang.String.format",
                      "java.io.PrintStream.format",
                      "java.io.PrintStream.printf",
                      "java.io.PrintWriter.format",
                      "java.io.PrintWriter.printf",
                      "java.util.Formatter.<init>" ->
                      !parameters.contains("java.util.Locale");
                  default -> false;
                };
              }
            });
    noClasses()
        .should()
        .accessTargetWhere(wrong)
        .because("a number must not depend on whose machine writes it; give Locale.ROOT")
        .check(all);
  }

  @Test
  void everyPackageSaysWhatItIsForAndKnowsNoNull() {
    assertThat(packages())
        .allSatisfy(
            name ->
                assertThat(all.getPackage(ROOT + "." + name).tryGetPackageInfo())
                    .as("package-info of " + name)
                    .hasValueSatisfying(
                        info ->
                            assertThat(info.isAnnotatedWith("org.jspecify.annotations.NullMarked"))
                                .as(name + " is @NullMarked")
                                .isTrue()));
  }

  private static String inside(String name) {
    return name.isEmpty() ? ROOT + ".." : ROOT + "." + name + "..";
  }

  private static Set<String> packages() {
    return all.getPackage(ROOT).getSubpackages().stream()
        .map(JavaPackage::getRelativeName)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
