package dev.longtake.recipes;

import dev.longtake.optim.OrElse;

/**
 * The model that learns what the student makes, the key {@code critic} of run files.
 *
 * <p>What critic and teacher differ in drives the student from the first step on, a critic's errors
 * too: a student of few steps, right at its own noise levels only, makes a poor one at first.
 *
 * @param from folder of the model whose transformer it starts from; latents and text must be those
 *     of the student's model. Empty: the teacher's, as in DMD2 and Self-Forcing, where the student
 *     begins as the teacher too
 */
public record CriticKeys(@OrElse("''") String from) {

  /** The folder, given the teacher's. */
  String from(TeacherKeys teacher) {
    return from.isBlank() ? teacher.from() : from;
  }

  /** The key that names the folder, for messages. */
  String key() {
    return from.isBlank() ? "teacher.from" : "critic.from";
  }
}
