"""Supervised fine-tuning: models and templates."""
