package dev.longtake.recipes;

import dev.longtake.optim.FlatParameters;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.Course;
import dev.longtake.train.EventFile;
import dev.longtake.train.Loop;
import dev.longtake.train.Team;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * One stage of a run at work: its checkpoints, its event files and who hears of it.
 *
 * @param name its folder in the run's output folder
 * @param batch what a device takes at once, such as {@code 24 clips}
 * @param training how its loop runs
 * @param place where it is carried out
 * @param losses gets what was last logged, each under the stage's name and a dot
 */
record Stage(
    String name, String batch, Course training, Workplace place, Map<String, Double> losses) {

  /** Where its event files are, in its folder. */
  static final String EVENTS = "tensorboard";

  /** The stage's checkpoints. */
  CheckpointStore store() {
    var folder = place.output().resolve(name);
    return new CheckpointStore(folder, name, training.keep(), training.keepBest());
  }

  /** The stage's checkpoints, with the loop continued from the newest, if there is one. */
  CheckpointStore resumed(Loop loop) {
    var store = store();
    if (loop.resume(store)) {
      place
          .watcher()
          .said("resumed " + name + " at step " + loop.step() + " of " + training.steps());
    }
    return store;
  }

  /**
   * Whether there are steps to take: what they need is costly to prepare.
   *
   * @throws CancellationException if the run was told to leave off
   */
  boolean goesOn(Loop loop) {
    place.goOn();
    return loop.step() < training.steps() && !place.ending().before(loop.step());
  }

  /**
   * Takes the steps that are left, in this place.
   *
   * @throws CancellationException if the run was told to leave off; what was reached is saved
   */
  void steps(FlatParameters parameters, Loop loop, Team team, CheckpointStore store) {
    steps(parameters, loop, team, store, 0);
  }

  /**
   * Takes the steps that are left, in this place.
   *
   * @param besideBytes see {@link StagePlan}
   * @throws CancellationException if the run was told to leave off; what was reached is saved
   */
  void steps(
      FlatParameters parameters, Loop loop, Team team, CheckpointStore store, long besideBytes) {
    var watcher = place.watcher();
    watcher.planned(
        new StagePlan(
            name,
            batch,
            training,
            loop.step(),
            place.devices().size(),
            parameters.count(),
            loop.averaged(),
            besideBytes));
    var heard = watcher.stage(name);
    try (var events = EventFile.in(place.output().resolve(name).resolve(EVENTS))) {
      loop.run(
          team,
          place.ending(),
          store,
          (step, steps, values) -> {
            events.scalars(step, values);
            heard.logged(step, steps, values);
            values.forEach((tag, value) -> losses.put(name + "." + tag, value));
          });
    }
    if (place.ending().interrupted().getAsBoolean()) {
      watcher.said(name + ": saved at step " + loop.step() + " of " + training.steps());
      place.goOn();
    }
  }

  /**
   * Whether it is as far as this run is to bring it. If there are steps left, says where it stopped
   * and how to go on.
   */
  boolean reached(Loop loop) {
    boolean told = loop.step() >= place.ending().until();
    if (loop.step() < training.steps()) {
      place
          .watcher()
          .ended(
              String.format(
                  Locale.ROOT,
                  "stopped %s at step %d of %d%s",
                  name,
                  loop.step(),
                  training.steps(),
                  told ? ", as it was told" : "; the same command goes on from there"));
    }
    return told || loop.step() >= training.steps();
  }
}
