import type { ButtonHTMLAttributes, ReactNode } from "react";

import { Icon, type IconName } from "./icons";

type Look = "plain" | "primary" | "soft" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon?: IconName;
  look?: Look;
  children?: ReactNode;
}

export function Button({ icon, look = "plain", children, className = "", ...rest }: ButtonProps) {
  return (
    <button type="button" className={`kv-button kv-button-${look} ${className}`} {...rest}>
      {icon && <Icon name={icon} />}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}

/** A button that shows only its icon; the label is its name and tooltip. */
export function IconButton({ icon, label, ...rest }: ButtonProps & { icon: IconName; label: string }) {
  return (
    <Button
      icon={icon}
      aria-label={label}
      title={label}
      {...rest}
      className={`kv-icon-button ${rest.className ?? ""}`}
    />
  );
}
