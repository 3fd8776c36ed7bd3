"""What the chapters show: findings, figures, the guide, and other software beside our own."""
