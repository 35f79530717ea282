"""Growth: high-value active customers by week with what moved them, and LTV to CAC by cohort."""
