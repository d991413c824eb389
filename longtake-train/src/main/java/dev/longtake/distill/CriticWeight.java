package dev.longtake.distill;

import dev.longtake.diffusion.FlowSchedule;

/** How the critic's loss counts timesteps. */
public enum CriticWeight {
  /** All alike (the released stage 1). */
  FLAT {
    @Override
    public float at(FlowSchedule schedule, double timestep) {
      return 1;
    }
  },

  /** By a bell around timestep 500 with mean 1 (the released stage 2, critic with context). */
  BELL {
    @Override
    public float at(FlowSchedule schedule, double timestep) {
      return schedule.weightAt(timestep);
    }
  };

  /** The weight of a timestep, 0 to 1000. */
  public abstract float at(FlowSchedule schedule, double timestep);
}
