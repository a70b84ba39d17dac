#!/bin/bash
# A training on two nodes with four GPUs each: sbatch examples/slurm.sh /data/photos --epochs 30 --run /shared/runs/photos
# After a stop or a lost node: sbatch examples/slurm.sh --resume /shared/runs/photos
#SBATCH --job-name=convsight
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=04:00:00
#SBATCH --output=convsight-%j.log
# Two minutes before the time is over: the best network and the checkpoint are kept, as after Ctrl-C.
#SBATCH --signal=TERM@120

set -euo pipefail

# One torchrun a node starts a process for each of its GPUs; they find one another at the first node.
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
processes=${SLURM_GPUS_ON_NODE:-1}

exec srun --kill-on-bad-exit=1 torchrun \
    --nnodes "$SLURM_NNODES" \
    --nproc-per-node "$processes" \
    --rdzv-id "$SLURM_JOB_ID" \
    --rdzv-backend c10d \
    --rdzv-endpoint "$first:29500" \
    -m -- convsight train "$@"
