"""The forms that pass between stages: data only, no behaviour beyond what makes a form well made."""
